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

    /** Asked if the main server can't be reached. */
    public String standbyServerURL;

    /** The code; or {@link #organizationID}, or both. */
    public String handshakeCode;

    /** If the code is protected by one. */
    public String sessionPassword;

    /** Alone: the organization's default code is used. */
    public String organizationID;

    /** Where the SDK runs (one of {@link DeploymentType}); DESKTOP by default. */
    public int deploymentType;

    /** How usage is to be charged (one of {@link ChargeWay}); AUTO by default. */
    public int chargeWay;

    /** How the client UUID is made (one of {@link UUIDGenerationMethod}); RANDOM by default. */
    public int uuidGenerationMethod;

    /**
     * Days an authorization may be used without the server; 0 or more, less than 7 counts as 7; the
     * license may allow fewer; 7 by default.
     */
    public int maxBufferDays;

    /** The modules to ask for (of {@link LicenseModule}); null: all. */
    public int[] limitedLicenseModules;

    /**
     * How many instances this machine will use at once, for licenses charged by them; 1 to 1,000,000; 1
     * by default.
     */
    public int maxConcurrentInstanceCount;

    /** May be combined (of {@link Product}); ALL by default. */
    public int products;

    /**
     * When a report whose submission failed is tried again (one of {@link Resubmit}); NEXT_INIT by
     * default.
     */
    public int resubmit;

    /** Of the SDK, such as "10.2.1". */
    public String productVersion;

    /** Of the SDK, such as "Python". */
    public String edition;

    /** Domain, application id or process name; the server may check it. */
    public String validationField;

    /** Shown to administrators. */
    public String deviceFriendlyName;

    /** A client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits. */
    public String deviceUUID;

    /**
     * The server's Ed25519 key in base64, as lts key show prints it: no other server is believed; if
     * empty, the key seen first is remembered.
     */
    public String serverPublicKey;

    /** PEM file of the roots to trust for HTTPS; if empty, the machine's, whatever SSL_CERT_FILE says. */
    public String caFile;

    /** http(s)://[user:password@]host:port */
    public String proxyURL;

    /**
     * Where usage is kept, and who the device is; if empty, .openlts in the user's home directory; on
     * Windows, OpenLTS in the user's local application data. Where nothing can be kept, as in a
     * container without a volume, each start is a new device, which counts for a day at most (deviceUUID
     * helps).
     */
    public String dataDirectory;

    /** Length in seconds of a time slot and of the reporting interval; divides a day; 180 by default. */
    public int slotSeconds;

    /** For all of the initialization; 12000 by default. */
    public int initTimeoutMilliseconds;

    /** For one request to a server; 5000 by default. */
    public int requestTimeoutMilliseconds;
    // generated: end

    /** Parameters with the library's defaults. */
    public ConnectionParameters() {
        Native.initLTSConnectionParameters(this);
    }
}
