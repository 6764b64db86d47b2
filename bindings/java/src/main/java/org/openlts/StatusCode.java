// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** Status codes: 0 is success, everything negative an error. */
public final class StatusCode {
    /** Successful. */
    public static final int OK = 0;
    /** No license specified. */
    public static final int NO_LICENSE = -20000;
    /** The handshake code is invalid. */
    public static final int HANDSHAKE_CODE_INVALID = -20001;
    /** Failed to read or write license buffer. */
    public static final int LICENSE_BUFFER_FAILED = -20002;
    /** Failed to synchronize license info with license tracking server. */
    public static final int LICENSE_SYNC_FAILED = -20003;
    /** Device does not match with license buffer. */
    public static final int DEVICE_NOT_MATCH = -20004;
    /** Failed to bind device. */
    public static final int BIND_DEVICE_FAILED = -20005;
    /** Interface InitLicenseFromLTS can not be used together with other license initiation interfaces. */
    public static final int LICENSE_INTERFACE_CONFLICT = -20006;
    /** The license client dll is missing. */
    public static final int LICENSE_CLIENT_DLL_MISSING = -20007;
    /** The number of instances used has exceeded the limit. */
    public static final int INSTANCE_COUNT_OVER_LIMIT = -20008;
    /** Interface InitLicenseFromLTS has to be called before creating any SDK objects. */
    public static final int LICENSE_INIT_SEQUENCE_FAILED = -20009;
    /** Using a trial license. */
    public static final int TRIAL_LICENSE = -20010;
    /** The license does not match the version of the product. */
    public static final int LICENSE_VERSION_NOT_MATCH = -20011;
    /** Online license validation failed due to network issues. Using cached license information for validation. */
    public static final int LICENSE_CACHE_USED = -20012;
    /** The standby LTS refuses to provide service while the main LTS is working. */
    public static final int STANDBY_REFUSES = -20100;
    /** The handshake code you are using does not exist on the License Tracking Server. */
    public static final int HANDSHAKE_CODE_NOT_FOUND = -20101;
    /** Session password is incorrect. */
    public static final int SESSION_PASSWORD_INCORRECT = -20102;
    /** AppDomain for handshake is not matched. */
    public static final int HANDSHAKE_APP_DOMAIN_MISMATCH = -20103;
    /** No item matched. Please check your handshake and client settings. */
    public static final int NO_ITEM_MATCHED = -20104;
    /** License item does not exist. */
    public static final int ITEM_NOT_FOUND = -20105;
    /** Product is not matched. */
    public static final int PRODUCT_MISMATCH = -20106;
    /** Version mismatch. */
    public static final int VERSION_MISMATCH = -20107;
    /** DeploymentType is not matched. */
    public static final int DEPLOYMENT_TYPE_MISMATCH = -20108;
    /** Edition is not matched. */
    public static final int EDITION_MISMATCH = -20109;
    /** License has expired. */
    public static final int LICENSE_EXPIRED = -20111;
    /** License has not yet taken effect. */
    public static final int LICENSE_NOT_YET_EFFECTIVE = -20112;
    /** This license item has been invalid. */
    public static final int ITEM_INVALID = -20113;
    /** AppDomain for licenseItem is not matched. */
    public static final int ITEM_APP_DOMAIN_MISMATCH = -20114;
    /** ChargeWay for licenseItem is not matched. */
    public static final int CHARGE_WAY_MISMATCH = -20115;
    /** License has exceeded its limit. */
    public static final int LIMIT_EXCEEDED = -20120;
    /** Organization ID does not exist or lacks a configured default handshake. */
    public static final int ORGANIZATION_NOT_FOUND = -20121;
    /** Handshake Code and Organization ID mismatch. */
    public static final int HANDSHAKE_ORGANIZATION_MISMATCH = -20122;
    /** No specified handshake or organization. */
    public static final int NO_HANDSHAKE_OR_ORGANIZATION = -20123;
    /** Missing licenseItem dependency in handshake. */
    public static final int ITEM_DEPENDENCY_MISSING = -20124;
    /** License quota exceeded by request count. */
    public static final int REQUEST_QUOTA_EXCEEDED = -20130;
    /** Cloned device detected. */
    public static final int CLONED_DEVICE = -20151;
    /** The request is malformed. */
    public static final int REQUEST_MALFORMED = -20190;
    /** The request is too large. */
    public static final int REQUEST_TOO_LARGE = -20191;
    /** The report does not prove which device it comes from. */
    public static final int REQUEST_NOT_AUTHENTICATED = -20192;
    /** Too many requests. Try again later. */
    public static final int REQUEST_RATE_LIMITED = -20193;
    /** The License Tracking Server failed to carry out the request. Nothing was changed. */
    public static final int SERVER_FAILED = -20194;
    /** There is nothing at this address of the License Tracking Server. */
    public static final int NOT_FOUND = -20195;
    /** This address does not answer to this HTTP method. */
    public static final int METHOD_NOT_ALLOWED = -20196;
    /** The License Tracking Server does not speak this version of the protocol. */
    public static final int PROTOCOL_VERSION = -20197;
    /** The report came too late: the usage of its time was closed. */
    public static final int SLOT_CLOSED = -20198;
    /** Failed to reach License Tracking Server. */
    public static final int FAILED_TO_REACH_LTS = -20200;
    /** An argument is not valid. */
    public static final int INVALID_ARGUMENT = -20300;
    /** The license handle is not valid: never opened, or closed already. */
    public static final int INVALID_HANDLE = -20301;
    /** The buffer is too small for the result. */
    public static final int BUFFER_TOO_SMALL = -20302;
    /** This function can not be called in a process forked after its parent had begun to use the library. Recorded operations count; start everything else after the fork. */
    public static final int FORKED = -20303;
    /** The license library failed internally. The host is not affected. */
    public static final int INTERNAL = -20304;
    /** The deadline passed before the work was done. What was not sent is kept. */
    public static final int DEADLINE_EXCEEDED = -20305;
    /** The answer is not signed with the key this License Tracking Server is known by. */
    public static final int SERVER_KEY_MISMATCH = -20306;
    /** The answer does not come from a License Tracking Server. */
    public static final int SERVER_RESPONSE_INVALID = -20307;
    /** A limit of the library is reached. */
    public static final int TOO_MANY = -20308;
    /** The time stamp lies in the future or more than 30 days back. */
    public static final int TIME_OUT_OF_RANGE = -20309;
    /** The operation type is not defined. */
    public static final int UNKNOWN_OPERATION_TYPE = -20310;
    /** The library and its caller were built for different versions of the interface. */
    public static final int ABI_MISMATCH = -20311;
    /** Some usage reports could not be submitted. They are kept and will be submitted later. */
    public static final int REPORTS_PENDING = -20312;
    /** The process lacks memory, threads or file descriptors, which the library needs. Nothing was done. */
    public static final int HOST_RESOURCES = -20313;

    private StatusCode() {}
}
