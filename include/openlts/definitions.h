/* Generated from conformance/definitions.json by build/generate. Do not edit.
 *
 * Status codes and enumerations of OpenLTS; openlts.h includes this file.
 * They are plain integers on the ABI (int32_t), so that it does not depend on
 * the size a compiler gives an enum.
 */
#ifndef OPENLTS_DEFINITIONS_H
#define OPENLTS_DEFINITIONS_H

/* Status codes. 0 is success, everything negative an error. Numbers and
 * messages from -20000 to -20200 are the vendor's, those marked (openlts)
 * are ours; from -20100 to -20199 the server speaks, else the library. */
typedef enum LTS_StatusCode {
  /* Successful. */
  LTS_OK = 0,
  /* No license specified. */
  LTS_ERR_NO_LICENSE = -20000,
  /* The handshake code is invalid. */
  LTS_ERR_HANDSHAKE_CODE_INVALID = -20001,
  /* Failed to read or write license buffer. */
  LTS_ERR_LICENSE_BUFFER_FAILED = -20002,
  /* Failed to synchronize license info with license tracking server. */
  LTS_ERR_LICENSE_SYNC_FAILED = -20003,
  /* Device does not match with license buffer. */
  LTS_ERR_DEVICE_NOT_MATCH = -20004,
  /* Failed to bind device. */
  LTS_ERR_BIND_DEVICE_FAILED = -20005,
  /* Interface InitLicenseFromLTS can not be used together with other license initiation interfaces. */
  LTS_ERR_LICENSE_INTERFACE_CONFLICT = -20006,
  /* The license client dll is missing. */
  LTS_ERR_LICENSE_CLIENT_DLL_MISSING = -20007,
  /* The number of instances used has exceeded the limit. */
  LTS_ERR_INSTANCE_COUNT_OVER_LIMIT = -20008,
  /* Interface InitLicenseFromLTS has to be called before creating any SDK objects. */
  LTS_ERR_LICENSE_INIT_SEQUENCE_FAILED = -20009,
  /* Using a trial license. */
  LTS_ERR_TRIAL_LICENSE = -20010,
  /* The license does not match the version of the product. */
  LTS_ERR_LICENSE_VERSION_NOT_MATCH = -20011,
  /* Online license validation failed due to network issues. Using cached license information for validation. */
  LTS_ERR_LICENSE_CACHE_USED = -20012,
  /* The standby LTS refuses to provide service while the main LTS is working. */
  LTS_ERR_STANDBY_REFUSES = -20100,
  /* The handshake code you are using does not exist on the License Tracking Server. */
  LTS_ERR_HANDSHAKE_CODE_NOT_FOUND = -20101,
  /* Session password is incorrect. */
  LTS_ERR_SESSION_PASSWORD_INCORRECT = -20102,
  /* AppDomain for handshake is not matched. */
  LTS_ERR_HANDSHAKE_APP_DOMAIN_MISMATCH = -20103,
  /* No item matched. Please check your handshake and client settings. */
  LTS_ERR_NO_ITEM_MATCHED = -20104,
  /* License item does not exist. */
  LTS_ERR_ITEM_NOT_FOUND = -20105,
  /* Product is not matched. */
  LTS_ERR_PRODUCT_MISMATCH = -20106,
  /* Version mismatch. */
  LTS_ERR_VERSION_MISMATCH = -20107,
  /* DeploymentType is not matched. */
  LTS_ERR_DEPLOYMENT_TYPE_MISMATCH = -20108,
  /* Edition is not matched. */
  LTS_ERR_EDITION_MISMATCH = -20109,
  /* License has expired. */
  LTS_ERR_LICENSE_EXPIRED = -20111,
  /* License has not yet taken effect. */
  LTS_ERR_LICENSE_NOT_YET_EFFECTIVE = -20112,
  /* This license item has been invalid. */
  LTS_ERR_ITEM_INVALID = -20113,
  /* AppDomain for licenseItem is not matched. */
  LTS_ERR_ITEM_APP_DOMAIN_MISMATCH = -20114,
  /* ChargeWay for licenseItem is not matched. */
  LTS_ERR_CHARGE_WAY_MISMATCH = -20115,
  /* License has exceeded its limit. */
  LTS_ERR_LIMIT_EXCEEDED = -20120,
  /* Organization ID does not exist or lacks a configured default handshake. */
  LTS_ERR_ORGANIZATION_NOT_FOUND = -20121,
  /* Handshake Code and Organization ID mismatch. */
  LTS_ERR_HANDSHAKE_ORGANIZATION_MISMATCH = -20122,
  /* No specified handshake or organization. */
  LTS_ERR_NO_HANDSHAKE_OR_ORGANIZATION = -20123,
  /* Missing licenseItem dependency in handshake. */
  LTS_ERR_ITEM_DEPENDENCY_MISSING = -20124,
  /* License quota exceeded by request count. */
  LTS_ERR_REQUEST_QUOTA_EXCEEDED = -20130,
  /* Cloned device detected. */
  LTS_ERR_CLONED_DEVICE = -20151,
  /* The request is malformed. (openlts) */
  LTS_ERR_REQUEST_MALFORMED = -20190,
  /* The request is too large. (openlts) */
  LTS_ERR_REQUEST_TOO_LARGE = -20191,
  /* The report does not prove which device it comes from. (openlts) */
  LTS_ERR_REQUEST_NOT_AUTHENTICATED = -20192,
  /* Too many requests. Try again later. (openlts) */
  LTS_ERR_REQUEST_RATE_LIMITED = -20193,
  /* The License Tracking Server failed to carry out the request. Nothing was changed. (openlts) */
  LTS_ERR_SERVER_FAILED = -20194,
  /* There is nothing at this address of the License Tracking Server. (openlts) */
  LTS_ERR_NOT_FOUND = -20195,
  /* This address does not answer to this HTTP method. (openlts) */
  LTS_ERR_METHOD_NOT_ALLOWED = -20196,
  /* The License Tracking Server does not speak this version of the protocol. (openlts) */
  LTS_ERR_PROTOCOL_VERSION = -20197,
  /* The report came too late: the usage of its time was closed. (openlts) */
  LTS_ERR_SLOT_CLOSED = -20198,
  /* Failed to reach License Tracking Server. */
  LTS_ERR_FAILED_TO_REACH_LTS = -20200,
  /* An argument is not valid. (openlts) */
  LTS_ERR_INVALID_ARGUMENT = -20300,
  /* The license handle is not valid: never opened, or closed already. (openlts) */
  LTS_ERR_INVALID_HANDLE = -20301,
  /* The buffer is too small for the result. (openlts) */
  LTS_ERR_BUFFER_TOO_SMALL = -20302,
  /* This function can not be called in a process forked after its parent had begun to use the library. Recorded operations count; start everything else after the fork. (openlts) */
  LTS_ERR_FORKED = -20303,
  /* The license library failed internally. The host is not affected. (openlts) */
  LTS_ERR_INTERNAL = -20304,
  /* The deadline passed before the work was done. What was not sent is kept. (openlts) */
  LTS_ERR_DEADLINE_EXCEEDED = -20305,
  /* The answer is not signed with the key this License Tracking Server is known by. (openlts) */
  LTS_ERR_SERVER_KEY_MISMATCH = -20306,
  /* The answer does not come from a License Tracking Server. (openlts) */
  LTS_ERR_SERVER_RESPONSE_INVALID = -20307,
  /* A limit of the library is reached. (openlts) */
  LTS_ERR_TOO_MANY = -20308,
  /* The time stamp lies in the future or more than 30 days back. (openlts) */
  LTS_ERR_TIME_OUT_OF_RANGE = -20309,
  /* The operation type is not defined. (openlts) */
  LTS_ERR_UNKNOWN_OPERATION_TYPE = -20310,
  /* The library and its caller were built for different versions of the interface. (openlts) */
  LTS_ERR_ABI_MISMATCH = -20311,
  /* Some usage reports could not be submitted. They are kept and will be submitted later. (openlts) */
  LTS_ERR_REPORTS_PENDING = -20312,
  /* The process lacks memory, threads or file descriptors, which the library needs. Nothing was done. (openlts) */
  LTS_ERR_HOST_RESOURCES = -20313
} LTS_StatusCode;

/* How usage is charged. PAGE_COUNT, and the values from 101 on, are ours: the vendor publishes none for them. */
typedef enum LTS_ChargeWay {
  /* decided by the server */
  LTS_CW_AUTO = 0,
  /* distinct devices */
  LTS_CW_DEVICE_COUNT = 1,
  /* barcodes scanned */
  LTS_CW_SCAN_COUNT = 2,
  /* devices active in one slot */
  LTS_CW_CONCURRENT_DEVICE_COUNT = 3,
  /* pages processed */
  LTS_CW_PAGE_COUNT = 4,
  /* domains of applications */
  LTS_CW_APP_DOMAIN_COUNT = 6,
  /* devices active in 24 hours */
  LTS_CW_ACTIVE_DEVICE_COUNT = 8,
  /* instances */
  LTS_CW_INSTANCE_COUNT = 9,
  /* instances active in one slot */
  LTS_CW_CONCURRENT_INSTANCE_COUNT = 10,
  /* devices active in a day, until the item's end */
  LTS_CW_DAILY_ACTIVE_DEVICE_COUNT = 101,
  /* devices active in 30 days */
  LTS_CW_MONTHLY_ACTIVE_DEVICE_COUNT = 102,
  /* devices active in 90 days */
  LTS_CW_QUARTERLY_ACTIVE_DEVICE_COUNT = 103,
  /* devices active in 365 days */
  LTS_CW_YEARLY_ACTIVE_DEVICE_COUNT = 104
} LTS_ChargeWay;

/* Where the SDK runs. Values of the vendor; BROWSER and MOBILE are ours (the vendor publishes none). */
typedef enum LTS_DeploymentType {
  /* server or workstation */
  LTS_DT_SERVER = 1,
  /* desktop */
  LTS_DT_DESKTOP = 2,
  /* browser */
  LTS_DT_BROWSER = 3,
  /* iOS or Android */
  LTS_DT_MOBILE = 4,
  /* embedded device */
  LTS_DT_EMBEDDED_DEVICE = 6,
  /* OEM */
  LTS_DT_OEM = 7
} LTS_DeploymentType;

/* How the client UUID is made. */
typedef enum LTS_UUIDGenerationMethod {
  /* random, cached in the data directory */
  LTS_UUIDGM_RANDOM = 1,
  /* derived from the machine */
  LTS_UUIDGM_HARDWARE = 2
} LTS_UUIDGenerationMethod;

/* Modules of a barcode reader that a license may be limited to. */
typedef enum LTS_LicenseModule {
  /* 1D barcodes */
  LTS_LM_ONED = 1,
  /* QR Code */
  LTS_LM_QR_CODE = 2,
  /* PDF417 */
  LTS_LM_PDF417 = 3,
  /* Data Matrix */
  LTS_LM_DATAMATRIX = 4,
  /* Aztec */
  LTS_LM_AZTEC = 5,
  /* MaxiCode */
  LTS_LM_MAXICODE = 6,
  /* Patch Code */
  LTS_LM_PATCHCODE = 7,
  /* GS1 DataBar */
  LTS_LM_GS1_DATABAR = 8,
  /* GS1 Composite */
  LTS_LM_GS1_COMPOSITE = 9,
  /* postal codes */
  LTS_LM_POSTALCODE = 10,
  /* DotCode */
  LTS_LM_DOTCODE = 11,
  /* intermediate results */
  LTS_LM_INTERMEDIATE_RESULT = 12,
  /* direct part marking */
  LTS_LM_DPM = 13,
  /* non-standard barcodes */
  LTS_LM_NONSTANDARD_BARCODE = 16
} LTS_LicenseModule;

/* Products, bits that may be combined. */
typedef enum LTS_Product {
  /* barcode reader */
  LTS_PROD_DBR = 1,
  /* label recognizer */
  LTS_PROD_DLR = 2,
  /* document scanning (web TWAIN) */
  LTS_PROD_DWT = 4,
  /* camera enhancer */
  LTS_PROD_DCE = 8,
  /* panorama stitching */
  LTS_PROD_DPS = 16,
  /* any product */
  LTS_PROD_ALL = 65535
} LTS_Product;

/* When a report whose submission failed is tried again. */
typedef enum LTS_Resubmit {
  /* at the next initialization only (as published; see docs/compatibility.md) */
  LTS_RESUBMIT_NEXT_INIT = 0,
  /* at every interval, for processes that never restart */
  LTS_RESUBMIT_INTERVAL = 1
} LTS_Resubmit;

/* State of a license, bits that may be combined. None of them is an error. */
typedef enum LTS_StateFlag {
  /* no server could be reached; the cached authorization is in use */
  LTS_STATE_CACHE_USED = 1,
  /* a trial license */
  LTS_STATE_TRIAL = 2,
  /* the quota is used up, the tolerance is not */
  LTS_STATE_QUOTA_IN_TOLERANCE = 4,
  /* quota and tolerance are used up; the next authorization will be refused */
  LTS_STATE_QUOTA_EXHAUSTED = 8,
  /* the license has expired, within its 7 days of tolerance */
  LTS_STATE_EXPIRED_IN_TOLERANCE = 16,
  /* the data directory can't be used; usage is kept in memory and is lost if the process dies */
  LTS_STATE_STORAGE_DEGRADED = 32,
  /* the ledger or the counters were damaged, missing or an older copy; see the events */
  LTS_STATE_STORAGE_RECOVERED = 64,
  /* the standby server answered */
  LTS_STATE_STANDBY_USED = 128,
  /* the last submission failed; reports are kept */
  LTS_STATE_REPORTS_PENDING = 256,
  /* some usage was lost and declared: see the counts by cause */
  LTS_STATE_USAGE_LOST = 512,
  /* the clock went back, was set while in use, or is an hour off the server's */
  LTS_STATE_CLOCK_ANOMALY = 1024,
  /* the authorization ran out or was refused while in use; the next start will fail */
  LTS_STATE_AUTHORIZATION_LAPSED = 2048
} LTS_StateFlag;

/* The kinds of events. */
typedef enum LTS_EventKind {
  /* reports were accepted by the server */
  LTS_EVENT_SUBMITTED = 1,
  /* reports could not be submitted and are kept */
  LTS_EVENT_SUBMIT_FAILED = 2,
  /* the server refused a report; its units are declared lost */
  LTS_EVENT_REPORT_REFUSED = 3,
  /* reports older than 30 days were purged; their units are declared lost */
  LTS_EVENT_REPORTS_PURGED = 4,
  /* the state flags changed */
  LTS_EVENT_STATE_CHANGED = 5,
  /* the library failed internally; the host is not affected */
  LTS_EVENT_INTERNAL_ERROR = 6
} LTS_EventKind;

/* Operations that are counted: symbologies of a barcode reader, import types of a page product. 128 to 255 are defined by the host, by name. */
typedef enum LTS_OperationType {
  /* an operation of no particular type */
  LTS_OT_OPERATION = 0,
  LTS_OT_CODE_39 = 1,
  LTS_OT_CODE_128 = 2,
  LTS_OT_CODE_93 = 3,
  LTS_OT_CODABAR = 4,
  LTS_OT_ITF = 5,
  LTS_OT_EAN_13 = 6,
  LTS_OT_EAN_8 = 7,
  LTS_OT_UPC_A = 8,
  LTS_OT_UPC_E = 9,
  LTS_OT_INDUSTRIAL_25 = 10,
  LTS_OT_CODE_39_EXTENDED = 11,
  LTS_OT_MSI_CODE = 12,
  LTS_OT_CODE_11 = 13,
  LTS_OT_PHARMACODE = 14,
  LTS_OT_PATCHCODE = 15,
  LTS_OT_QR_CODE = 16,
  LTS_OT_MICRO_QR = 17,
  LTS_OT_RMQR_CODE = 18,
  LTS_OT_PDF417 = 19,
  LTS_OT_MICRO_PDF417 = 20,
  LTS_OT_DATAMATRIX = 21,
  LTS_OT_AZTEC = 22,
  LTS_OT_MAXICODE = 23,
  LTS_OT_DOTCODE = 24,
  LTS_OT_GS1_COMPOSITE = 25,
  LTS_OT_GS1_DATABAR_OMNIDIRECTIONAL = 26,
  LTS_OT_GS1_DATABAR_TRUNCATED = 27,
  LTS_OT_GS1_DATABAR_STACKED = 28,
  LTS_OT_GS1_DATABAR_STACKED_OMNIDIRECTIONAL = 29,
  LTS_OT_GS1_DATABAR_EXPANDED = 30,
  LTS_OT_GS1_DATABAR_EXPANDED_STACKED = 31,
  LTS_OT_GS1_DATABAR_LIMITED = 32,
  LTS_OT_USPS_INTELLIGENT_MAIL = 33,
  LTS_OT_POSTNET = 34,
  LTS_OT_PLANET = 35,
  LTS_OT_AUSTRALIAN_POST = 36,
  LTS_OT_RM4SCC = 37,
  LTS_OT_KIX = 38,
  LTS_OT_NONSTANDARD_BARCODE = 39,
  LTS_OT_DX_FILM_EDGE = 40,
  /* a page acquired from a scanner */
  LTS_OT_PAGE_SCANNED = 64,
  /* a frame captured from a camera */
  LTS_OT_PAGE_CAPTURED = 65,
  /* a page loaded from a file */
  LTS_OT_PAGE_LOADED = 66,
  /* a page rasterized */
  LTS_OT_PAGE_RASTERIZED = 67,
  /* a page recognized (OCR) */
  LTS_OT_PAGE_RECOGNIZED = 68
} LTS_OperationType;

#endif /* OPENLTS_DEFINITIONS_H */
