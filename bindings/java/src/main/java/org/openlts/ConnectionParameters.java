package org.openlts;

/**
 * How to reach the License Tracking Server (LTS), and what to ask of it. A new object has the defaults
 * named here; texts are null, which is the same as "". The object is read during a call and never kept;
 * it is not to be changed by another thread meanwhile.
 */
public final class ConnectionParameters {
    // generated: fields
    /** http(s)://host[:port][/path]; required. */
    public String mainServerURL;

    /** Used if the main server can't be reached. */
    public String standbyServerURL;

    /** Required, unless {@link #organizationID} is set; both may be set. */
    public String handshakeCode;

    /** The session password of the code, if it has one. */
    public String sessionPassword;

    /** Without {@link #handshakeCode}: the organization's default code is used. */
    public String organizationID;

    /** Where the SDK runs (one of {@link DeploymentType}); DESKTOP by default. */
    public int deploymentType;

    /** How usage is to be charged (one of {@link ChargeWay}); AUTO by default. */
    public int chargeWay;

    /** How the client UUID is made (one of {@link UUIDGenerationMethod}); RANDOM by default. */
    public int uuidGenerationMethod;

    /**
     * How many days an authorization may be used without the server; 0 to 6 count as 7; the license may
     * allow fewer; 7 by default.
     */
    public int maxBufferDays;

    /** The modules to ask for (of {@link LicenseModule}); null: all. */
    public int[] limitedLicenseModules;

    /**
     * How many instances this machine will use at once, 1 to 1,000,000; matters only for licenses
     * charged by instances; 1 by default.
     */
    public int maxConcurrentInstanceCount;

    /** May be combined (of {@link Product}); ALL by default. */
    public int products;

    /**
     * When a report whose submission failed is tried again (one of {@link Resubmit}); NEXT_INIT by
     * default.
     */
    public int resubmit;

    /** The version of the SDK, such as "10.2.1". */
    public String productVersion;

    /** The edition of the SDK, such as "Python". */
    public String edition;

    /** Domain, application id or process name; the server may check it. */
    public String validationField;

    /** Shown to administrators. */
    public String deviceFriendlyName;

    /** A client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits. */
    public String deviceUUID;

    /**
     * The server's Ed25519 key in base64, as lts key show prints it: the library believes no other
     * server; if empty, it remembers the first key it sees.
     */
    public String serverPublicKey;

    /**
     * PEM file with the root certificates to trust for HTTPS; if empty, those of the machine
     * (SSL_CERT_FILE is ignored).
     */
    public String caFile;

    /** http(s)://[user:password@]host:port */
    public String proxyURL;

    /**
     * Where usage and the identity of the device are kept; if empty, .openlts in the user's home
     * directory, or on Windows OpenLTS in the user's local application data. If nothing can be kept
     * there, as in a container without a volume, each start is a new device, which counts for a day at
     * most (set {@link #deviceUUID}).
     */
    public String dataDirectory;

    /** Length of a time slot and of the reporting interval in seconds; must divide a day; 180 by default. */
    public int slotSeconds;

    /** For the whole initialization; 12000 by default. */
    public int initTimeoutMilliseconds;

    /** For one request to a server; 5000 by default. */
    public int requestTimeoutMilliseconds;
    // generated: end

    /** Parameters with the library's defaults. */
    public ConnectionParameters() {
        Native.initLTSConnectionParameters(this);
    }
}
