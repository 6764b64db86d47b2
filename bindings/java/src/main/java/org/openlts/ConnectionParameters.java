package org.openlts;

/**
 * How to reach the License Tracking Server (LTS), and what to ask of it. A new object has the defaults
 * named here; texts are null, which is the same as "". The object is read during a call and never kept;
 * it is not to be changed by another thread meanwhile.
 */
public final class ConnectionParameters {
    /** Of the server: http(s)://host[:port][/path]. Required. */
    public String mainServerURL;

    /** Asked if the main server can't be reached. */
    public String standbyServerURL;

    /** The handshake code; or {@link #organizationID}, or both. */
    public String handshakeCode;

    /** If the handshake code is protected by one. */
    public String sessionPassword;

    /** Alone: the organization's default handshake code is used. */
    public String organizationID;

    /** One of {@link DeploymentType}; DESKTOP. */
    public int deploymentType;

    /** One of {@link ChargeWay}; AUTO. */
    public int chargeWay;

    /** One of {@link UUIDGenerationMethod}; RANDOM. */
    public int uuidGenerationMethod;

    /**
     * Days an authorization may be used without the server; 7, less counts as 7. The license may allow
     * fewer.
     */
    public int maxBufferDays;

    /** Of {@link LicenseModule}; null for all. */
    public int[] limitedLicenseModules;

    /** 1 or more; 1. */
    public int maxConcurrentInstanceCount;

    /** Of {@link Product}, combined by |; ALL. */
    public int products;

    /** When a report whose submission failed is tried again: one of {@link Resubmit}; NEXT_INIT. */
    public int resubmit;

    /** Of the SDK, such as "10.2.1". */
    public String productVersion;

    /** Of the SDK, such as "Java". */
    public String edition;

    /** Domain, application id or process name; the server may check it. */
    public String validationField;

    /** Shown to administrators. */
    public String deviceFriendlyName;

    /** A client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits. */
    public String deviceUUID;

    /** The server's Ed25519 key in base64; if empty, the key seen first is remembered. */
    public String serverPublicKey;

    /** PEM file of the roots to trust for HTTPS. */
    public String caFile;

    /** http(s)://[user:password@]host:port */
    public String proxyURL;

    /** Where usage is kept; .openlts in the user's home directory. */
    public String dataDirectory;

    /** Length of a time slot and of the reporting interval, in seconds; divides a day; 180. */
    public int slotSeconds;

    /** For all of the initialization; 12000. */
    public int initTimeoutMilliseconds;

    /** For one request to a server; 5000. */
    public int requestTimeoutMilliseconds;

    /** Parameters with the library's defaults. */
    public ConnectionParameters() {
        Native.initLTSConnectionParameters(this);
    }
}
