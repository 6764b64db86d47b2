package barcodereader;

import org.openlts.ConnectionParameters;

/**
 * How to reach the License Tracking Server, and what to ask of it. Made by {@link
 * BarcodeReader#initLTSConnectionParameters()}, with every field at its default.
 */
public final class DMLTSConnectionParameters {
    /** http(s)://host[:port][/path]; by default the server the vendor hosts. */
    public String mainServerURL;

    /** Asked if the main server can't be reached. */
    public String standbyServerURL;

    /** The handshake code; or {@link #organizationID}, or both. */
    public String handshakeCode;

    /** If the handshake code is protected by one. */
    public String sessionPassword;

    /** Alone: the organization's default handshake code is used. */
    public String organizationID;

    /** One of {@link org.openlts.DeploymentType}; DESKTOP. */
    public int deploymentType;

    /** One of {@link org.openlts.ChargeWay}; AUTO. */
    public int chargeWay;

    /** One of {@link org.openlts.UUIDGenerationMethod}; RANDOM. */
    public int uuidGenerationMethod;

    /** Days the license may be used without the server; 7 or more; 7. */
    public int maxBufferDays;

    /** Of {@link org.openlts.LicenseModule}; null for all. */
    public int[] limitedLicenseModules;

    /** 1 or more; 1. */
    public int maxConcurrentInstanceCount;

    /** Of {@link org.openlts.Product}, combined by |. */
    public int products;

    DMLTSConnectionParameters(ConnectionParameters defaults) {
        mainServerURL = defaults.mainServerURL;
        deploymentType = defaults.deploymentType;
        chargeWay = defaults.chargeWay;
        uuidGenerationMethod = defaults.uuidGenerationMethod;
        maxBufferDays = defaults.maxBufferDays;
        maxConcurrentInstanceCount = defaults.maxConcurrentInstanceCount;
        products = defaults.products;
    }

    /** Puts what the SDK's user may decide into the parameters of the license library. */
    void copyTo(ConnectionParameters parameters) {
        parameters.mainServerURL = mainServerURL;
        parameters.standbyServerURL = standbyServerURL;
        parameters.handshakeCode = handshakeCode;
        parameters.sessionPassword = sessionPassword;
        parameters.organizationID = organizationID;
        parameters.deploymentType = deploymentType;
        parameters.chargeWay = chargeWay;
        parameters.uuidGenerationMethod = uuidGenerationMethod;
        parameters.maxBufferDays = maxBufferDays;
        parameters.limitedLicenseModules = limitedLicenseModules;
        parameters.maxConcurrentInstanceCount = maxConcurrentInstanceCount;
        parameters.products = products;
    }
}
