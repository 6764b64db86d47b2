// Generated from conformance/definitions.json by build/generate. Do not edit.

/** Status codes: 0 is success, everything negative an error. */
export const StatusCode = {
  /** Successful. */
  OK: 0,
  /** No license specified. */
  NO_LICENSE: -20000,
  /** The handshake code is invalid. */
  HANDSHAKE_CODE_INVALID: -20001,
  /** Failed to read or write license buffer. */
  LICENSE_BUFFER_FAILED: -20002,
  /** Failed to synchronize license info with license tracking server. */
  LICENSE_SYNC_FAILED: -20003,
  /** Device does not match with license buffer. */
  DEVICE_NOT_MATCH: -20004,
  /** Failed to bind device. */
  BIND_DEVICE_FAILED: -20005,
  /** Interface InitLicenseFromLTS can not be used together with other license initiation interfaces. */
  LICENSE_INTERFACE_CONFLICT: -20006,
  /** The license client dll is missing. */
  LICENSE_CLIENT_DLL_MISSING: -20007,
  /** The number of instances used has exceeded the limit. */
  INSTANCE_COUNT_OVER_LIMIT: -20008,
  /** Interface InitLicenseFromLTS has to be called before creating any SDK objects. */
  LICENSE_INIT_SEQUENCE_FAILED: -20009,
  /** Using a trial license. */
  TRIAL_LICENSE: -20010,
  /** The license does not match the version of the product. */
  LICENSE_VERSION_NOT_MATCH: -20011,
  /** Online license validation failed due to network issues. Using cached license information for validation. */
  LICENSE_CACHE_USED: -20012,
  /** The standby LTS refuses to provide service while the main LTS is working. */
  STANDBY_REFUSES: -20100,
  /** The handshake code you are using does not exist on the License Tracking Server. */
  HANDSHAKE_CODE_NOT_FOUND: -20101,
  /** Session password is incorrect. */
  SESSION_PASSWORD_INCORRECT: -20102,
  /** AppDomain for handshake is not matched. */
  HANDSHAKE_APP_DOMAIN_MISMATCH: -20103,
  /** No item matched. Please check your handshake and client settings. */
  NO_ITEM_MATCHED: -20104,
  /** License item does not exist. */
  ITEM_NOT_FOUND: -20105,
  /** Product is not matched. */
  PRODUCT_MISMATCH: -20106,
  /** Version mismatch. */
  VERSION_MISMATCH: -20107,
  /** DeploymentType is not matched. */
  DEPLOYMENT_TYPE_MISMATCH: -20108,
  /** Edition is not matched. */
  EDITION_MISMATCH: -20109,
  /** License has expired. */
  LICENSE_EXPIRED: -20111,
  /** License has not yet taken effect. */
  LICENSE_NOT_YET_EFFECTIVE: -20112,
  /** This license item has been invalid. */
  ITEM_INVALID: -20113,
  /** AppDomain for licenseItem is not matched. */
  ITEM_APP_DOMAIN_MISMATCH: -20114,
  /** ChargeWay for licenseItem is not matched. */
  CHARGE_WAY_MISMATCH: -20115,
  /** License has exceeded its limit. */
  LIMIT_EXCEEDED: -20120,
  /** Organization ID does not exist or lacks a configured default handshake. */
  ORGANIZATION_NOT_FOUND: -20121,
  /** Handshake Code and Organization ID mismatch. */
  HANDSHAKE_ORGANIZATION_MISMATCH: -20122,
  /** No specified handshake or organization. */
  NO_HANDSHAKE_OR_ORGANIZATION: -20123,
  /** Missing licenseItem dependency in handshake. */
  ITEM_DEPENDENCY_MISSING: -20124,
  /** License quota exceeded by request count. */
  REQUEST_QUOTA_EXCEEDED: -20130,
  /** Cloned device detected. */
  CLONED_DEVICE: -20151,
  /** The request is malformed. */
  REQUEST_MALFORMED: -20190,
  /** The request is too large. */
  REQUEST_TOO_LARGE: -20191,
  /** The report does not prove which device it comes from. */
  REQUEST_NOT_AUTHENTICATED: -20192,
  /** Too many requests. Try again later. */
  REQUEST_RATE_LIMITED: -20193,
  /** The License Tracking Server failed to carry out the request. Nothing was changed. */
  SERVER_FAILED: -20194,
  /** There is nothing at this address of the License Tracking Server. */
  NOT_FOUND: -20195,
  /** This address does not answer to this HTTP method. */
  METHOD_NOT_ALLOWED: -20196,
  /** The License Tracking Server does not speak this version of the protocol. */
  PROTOCOL_VERSION: -20197,
  /** The report came too late: the usage of its time was closed. */
  SLOT_CLOSED: -20198,
  /** Failed to reach License Tracking Server. */
  FAILED_TO_REACH_LTS: -20200,
  /** An argument is not valid. */
  INVALID_ARGUMENT: -20300,
  /** The license handle is not valid: never opened, or closed already. */
  INVALID_HANDLE: -20301,
  /** The buffer is too small for the result. */
  BUFFER_TOO_SMALL: -20302,
  /** This function can not be called in a process forked after its parent had begun to use the library. Recorded operations count; start everything else after the fork. */
  FORKED: -20303,
  /** The license library failed internally. The host is not affected. */
  INTERNAL: -20304,
  /** The deadline passed before the work was done. What was not sent is kept. */
  DEADLINE_EXCEEDED: -20305,
  /** The answer is not signed with the key this License Tracking Server is known by. */
  SERVER_KEY_MISMATCH: -20306,
  /** The answer does not come from a License Tracking Server. */
  SERVER_RESPONSE_INVALID: -20307,
  /** A limit of the library is reached. */
  TOO_MANY: -20308,
  /** The time stamp lies in the future or more than 30 days back. */
  TIME_OUT_OF_RANGE: -20309,
  /** The operation type is not defined. */
  UNKNOWN_OPERATION_TYPE: -20310,
  /** The library and its caller were built for different versions of the interface. */
  ABI_MISMATCH: -20311,
  /** Some usage reports could not be submitted. They are kept and will be submitted later. */
  REPORTS_PENDING: -20312,
  /** The process lacks memory, threads or file descriptors, which the library needs. Nothing was done. */
  HOST_RESOURCES: -20313,
} as const;

/** How usage is charged. PAGE_COUNT, and the values from 101 on, are ours: the vendor publishes none for them. */
export const ChargeWay = {
  /** decided by the server */
  AUTO: 0,
  /** distinct devices */
  DEVICE_COUNT: 1,
  /** barcodes scanned */
  SCAN_COUNT: 2,
  /** devices active in one slot */
  CONCURRENT_DEVICE_COUNT: 3,
  /** pages processed */
  PAGE_COUNT: 4,
  /** domains of applications */
  APP_DOMAIN_COUNT: 6,
  /** devices active in 24 hours */
  ACTIVE_DEVICE_COUNT: 8,
  /** instances */
  INSTANCE_COUNT: 9,
  /** instances active in one slot */
  CONCURRENT_INSTANCE_COUNT: 10,
  /** devices active in a day, until the item's end */
  DAILY_ACTIVE_DEVICE_COUNT: 101,
  /** devices active in 30 days */
  MONTHLY_ACTIVE_DEVICE_COUNT: 102,
  /** devices active in 90 days */
  QUARTERLY_ACTIVE_DEVICE_COUNT: 103,
  /** devices active in 365 days */
  YEARLY_ACTIVE_DEVICE_COUNT: 104,
} as const;

/** Where the SDK runs. Values of the vendor; BROWSER and MOBILE are ours (the vendor publishes none). */
export const DeploymentType = {
  /** server or workstation */
  SERVER: 1,
  /** desktop */
  DESKTOP: 2,
  /** browser */
  BROWSER: 3,
  /** iOS or Android */
  MOBILE: 4,
  /** embedded device */
  EMBEDDED_DEVICE: 6,
  /** OEM */
  OEM: 7,
} as const;

/** How the client UUID is made. */
export const UUIDGenerationMethod = {
  /** random, cached in the data directory */
  RANDOM: 1,
  /** derived from the machine */
  HARDWARE: 2,
} as const;

/** Modules of a barcode reader that a license may be limited to. */
export const LicenseModule = {
  /** 1D barcodes */
  ONED: 1,
  /** QR Code */
  QR_CODE: 2,
  /** PDF417 */
  PDF417: 3,
  /** Data Matrix */
  DATAMATRIX: 4,
  /** Aztec */
  AZTEC: 5,
  /** MaxiCode */
  MAXICODE: 6,
  /** Patch Code */
  PATCHCODE: 7,
  /** GS1 DataBar */
  GS1_DATABAR: 8,
  /** GS1 Composite */
  GS1_COMPOSITE: 9,
  /** postal codes */
  POSTALCODE: 10,
  /** DotCode */
  DOTCODE: 11,
  /** intermediate results */
  INTERMEDIATE_RESULT: 12,
  /** direct part marking */
  DPM: 13,
  /** non-standard barcodes */
  NONSTANDARD_BARCODE: 16,
} as const;

/** Products, bits that may be combined. */
export const Product = {
  /** barcode reader */
  DBR: 1,
  /** label recognizer */
  DLR: 2,
  /** document scanning (web TWAIN) */
  DWT: 4,
  /** camera enhancer */
  DCE: 8,
  /** panorama stitching */
  DPS: 16,
  /** any product */
  ALL: 65535,
} as const;

/** When a report whose submission failed is tried again. */
export const Resubmit = {
  /** at the next initialization only (as published; see docs/compatibility.md) */
  NEXT_INIT: 0,
  /** at every interval, for processes that never restart */
  INTERVAL: 1,
} as const;

/** State of a license, bits that may be combined. None of them is an error. */
export const StateFlag = {
  /** no server could be reached; the cached authorization is in use */
  CACHE_USED: 1,
  /** a trial license */
  TRIAL: 2,
  /** the quota is used up, the tolerance is not */
  QUOTA_IN_TOLERANCE: 4,
  /** quota and tolerance are used up; the next authorization will be refused */
  QUOTA_EXHAUSTED: 8,
  /** the license has expired, within its 7 days of tolerance */
  EXPIRED_IN_TOLERANCE: 16,
  /** the data directory can't be used; usage is kept in memory and is lost if the process dies */
  STORAGE_DEGRADED: 32,
  /** the ledger or the counters were damaged, missing or an older copy; see the events */
  STORAGE_RECOVERED: 64,
  /** the standby server answered */
  STANDBY_USED: 128,
  /** the last submission failed; reports are kept */
  REPORTS_PENDING: 256,
  /** some usage was lost and declared: see the counts by cause */
  USAGE_LOST: 512,
  /** the clock went back, was set while in use, or is an hour off the server's */
  CLOCK_ANOMALY: 1024,
  /** the authorization ran out or was refused while in use; the next start will fail */
  AUTHORIZATION_LAPSED: 2048,
} as const;

/** The kinds of events. */
export const EventKind = {
  /** reports were accepted by the server */
  SUBMITTED: 1,
  /** reports could not be submitted and are kept */
  SUBMIT_FAILED: 2,
  /** the server refused a report; its units are declared lost */
  REPORT_REFUSED: 3,
  /** reports older than 30 days were purged; their units are declared lost */
  REPORTS_PURGED: 4,
  /** the state flags changed */
  STATE_CHANGED: 5,
  /** the library failed internally; the host is not affected */
  INTERNAL_ERROR: 6,
} as const;

/** The names of the operation types that are built in: symbologies and import types. */
export type OperationType =
  | 'OPERATION'
  | 'CODE_39'
  | 'CODE_128'
  | 'CODE_93'
  | 'CODABAR'
  | 'ITF'
  | 'EAN_13'
  | 'EAN_8'
  | 'UPC_A'
  | 'UPC_E'
  | 'INDUSTRIAL_25'
  | 'CODE_39_EXTENDED'
  | 'MSI_CODE'
  | 'CODE_11'
  | 'PHARMACODE'
  | 'PATCHCODE'
  | 'QR_CODE'
  | 'MICRO_QR'
  | 'RMQR_CODE'
  | 'PDF417'
  | 'MICRO_PDF417'
  | 'DATAMATRIX'
  | 'AZTEC'
  | 'MAXICODE'
  | 'DOTCODE'
  | 'GS1_COMPOSITE'
  | 'GS1_DATABAR_OMNIDIRECTIONAL'
  | 'GS1_DATABAR_TRUNCATED'
  | 'GS1_DATABAR_STACKED'
  | 'GS1_DATABAR_STACKED_OMNIDIRECTIONAL'
  | 'GS1_DATABAR_EXPANDED'
  | 'GS1_DATABAR_EXPANDED_STACKED'
  | 'GS1_DATABAR_LIMITED'
  | 'USPS_INTELLIGENT_MAIL'
  | 'POSTNET'
  | 'PLANET'
  | 'AUSTRALIAN_POST'
  | 'RM4SCC'
  | 'KIX'
  | 'NONSTANDARD_BARCODE'
  | 'DX_FILM_EDGE'
  | 'PAGE_SCANNED'
  | 'PAGE_CAPTURED'
  | 'PAGE_LOADED'
  | 'PAGE_RASTERIZED'
  | 'PAGE_RECOGNIZED';
