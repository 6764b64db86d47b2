package barcodereader;

import java.util.List;
import org.openlts.ConnectionParameters;
import org.openlts.StatusCode;

/** How to reach the License Tracking Server, and what to ask of it; every field at its default. */
public class DMLTSConnectionParameters {
    /** http(s)://host[:port][/path]; by default the server the vendor hosts. */
    public String mainServerURL = BarcodeReader.hostedServerURL;

    /** Asked if the main server can't be reached. */
    public String standbyServerURL;

    /** The handshake code; or {@link #organizationID}, or both. */
    public String handshakeCode;

    /** If the handshake code is protected by one. */
    public String sessionPassword;

    /** Alone: the organization's default handshake code is used. */
    public String organizationID;

    /** The same as {@link #organizationID}, by another spelling; set one of them. */
    public String organizationId;

    /** One of {@link org.openlts.ChargeWay}; AUTO. */
    public int chargeWay = BarcodeReader.usualChargeWay;

    /** One of {@link org.openlts.UUIDGenerationMethod}; RANDOM. */
    public int uuidGenerationMethod;

    /** Days the license may be used without the server; 7 or more; 7. */
    public int maxBufferDays;

    /** Of {@link org.openlts.LicenseModule}; null for all. */
    public List<Integer> limitedLicenseModules;

    public DMLTSConnectionParameters() {
        ConnectionParameters defaults = new ConnectionParameters();
        uuidGenerationMethod = defaults.uuidGenerationMethod;
        maxBufferDays = defaults.maxBufferDays;
    }

    /** Puts what the SDK's user may decide into the parameters of the license library. */
    void copyTo(ConnectionParameters parameters) throws BarcodeReaderException {
        parameters.mainServerURL = mainServerURL;
        parameters.standbyServerURL = standbyServerURL;
        parameters.handshakeCode = handshakeCode;
        parameters.sessionPassword = sessionPassword;
        parameters.organizationID = organization();
        parameters.chargeWay = chargeWay;
        parameters.uuidGenerationMethod = uuidGenerationMethod;
        parameters.maxBufferDays = maxBufferDays;
        parameters.limitedLicenseModules = modules();
    }

    private String organization() throws BarcodeReaderException {
        if (organizationID == null || organizationID.equals(organizationId)) {
            return organizationId;
        }
        if (organizationId != null) {
            throw new BarcodeReaderException(StatusCode.INVALID_ARGUMENT,
                    "organizationID and organizationId name two organizations; set one of them.", null);
        }
        return organizationID;
    }

    private int[] modules() {
        if (limitedLicenseModules == null) {
            return null;
        }
        int[] modules = new int[limitedLicenseModules.size()];
        for (int i = 0; i < modules.length; i++) {
            modules[i] = limitedLicenseModules.get(i);
        }
        return modules;
    }
}
