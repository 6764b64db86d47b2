# Generated from conformance/definitions.json by build/generate. Do not edit.
"""Status codes and enumerations."""

from enum import IntEnum, IntFlag


class StatusCode(IntEnum):
    """Status codes: 0 is success, everything negative an error."""

    OK = 0
    NO_LICENSE = -20000
    HANDSHAKE_CODE_INVALID = -20001
    LICENSE_BUFFER_FAILED = -20002
    LICENSE_SYNC_FAILED = -20003
    DEVICE_NOT_MATCH = -20004
    BIND_DEVICE_FAILED = -20005
    LICENSE_INTERFACE_CONFLICT = -20006
    LICENSE_CLIENT_DLL_MISSING = -20007
    INSTANCE_COUNT_OVER_LIMIT = -20008
    LICENSE_INIT_SEQUENCE_FAILED = -20009
    TRIAL_LICENSE = -20010
    LICENSE_VERSION_NOT_MATCH = -20011
    LICENSE_CACHE_USED = -20012
    STANDBY_REFUSES = -20100
    HANDSHAKE_CODE_NOT_FOUND = -20101
    SESSION_PASSWORD_INCORRECT = -20102
    HANDSHAKE_APP_DOMAIN_MISMATCH = -20103
    NO_ITEM_MATCHED = -20104
    ITEM_NOT_FOUND = -20105
    PRODUCT_MISMATCH = -20106
    VERSION_MISMATCH = -20107
    DEPLOYMENT_TYPE_MISMATCH = -20108
    EDITION_MISMATCH = -20109
    LICENSE_EXPIRED = -20111
    LICENSE_NOT_YET_EFFECTIVE = -20112
    ITEM_INVALID = -20113
    ITEM_APP_DOMAIN_MISMATCH = -20114
    CHARGE_WAY_MISMATCH = -20115
    LIMIT_EXCEEDED = -20120
    ORGANIZATION_NOT_FOUND = -20121
    HANDSHAKE_ORGANIZATION_MISMATCH = -20122
    NO_HANDSHAKE_OR_ORGANIZATION = -20123
    ITEM_DEPENDENCY_MISSING = -20124
    REQUEST_QUOTA_EXCEEDED = -20130
    CLONED_DEVICE = -20151
    REQUEST_MALFORMED = -20190
    REQUEST_TOO_LARGE = -20191
    REQUEST_NOT_AUTHENTICATED = -20192
    REQUEST_RATE_LIMITED = -20193
    SERVER_FAILED = -20194
    NOT_FOUND = -20195
    METHOD_NOT_ALLOWED = -20196
    PROTOCOL_VERSION = -20197
    SLOT_CLOSED = -20198
    FAILED_TO_REACH_LTS = -20200
    INVALID_ARGUMENT = -20300
    INVALID_HANDLE = -20301
    BUFFER_TOO_SMALL = -20302
    FORKED = -20303
    INTERNAL = -20304
    DEADLINE_EXCEEDED = -20305
    SERVER_KEY_MISMATCH = -20306
    SERVER_RESPONSE_INVALID = -20307
    TOO_MANY = -20308
    TIME_OUT_OF_RANGE = -20309
    UNKNOWN_OPERATION_TYPE = -20310
    ABI_MISMATCH = -20311
    REPORTS_PENDING = -20312
    HOST_RESOURCES = -20313


class ChargeWay(IntEnum):
    """How usage is charged. PAGE_COUNT, and the values from 101 on, are ours: the vendor publishes none for them."""

    AUTO = 0  # decided by the server
    DEVICE_COUNT = 1  # distinct devices
    SCAN_COUNT = 2  # barcodes scanned
    CONCURRENT_DEVICE_COUNT = 3  # devices active in one slot
    PAGE_COUNT = 4  # pages processed
    APP_DOMAIN_COUNT = 6  # domains of applications
    ACTIVE_DEVICE_COUNT = 8  # devices active in 24 hours
    INSTANCE_COUNT = 9  # instances
    CONCURRENT_INSTANCE_COUNT = 10  # instances active in one slot
    DAILY_ACTIVE_DEVICE_COUNT = 101  # devices active in a day, until the item's end
    MONTHLY_ACTIVE_DEVICE_COUNT = 102  # devices active in 30 days
    QUARTERLY_ACTIVE_DEVICE_COUNT = 103  # devices active in 90 days
    YEARLY_ACTIVE_DEVICE_COUNT = 104  # devices active in 365 days


class DeploymentType(IntEnum):
    """Where the SDK runs. Values of the vendor; BROWSER and MOBILE are ours (the vendor publishes none)."""

    SERVER = 1  # server or workstation
    DESKTOP = 2  # desktop
    BROWSER = 3  # browser
    MOBILE = 4  # iOS or Android
    EMBEDDED_DEVICE = 6  # embedded device
    OEM = 7  # OEM


class UUIDGenerationMethod(IntEnum):
    """How the client UUID is made."""

    RANDOM = 1  # random, cached in the data directory
    HARDWARE = 2  # derived from the machine


class LicenseModule(IntEnum):
    """Modules of a barcode reader that a license may be limited to."""

    ONED = 1  # 1D barcodes
    QR_CODE = 2  # QR Code
    PDF417 = 3  # PDF417
    DATAMATRIX = 4  # Data Matrix
    AZTEC = 5  # Aztec
    MAXICODE = 6  # MaxiCode
    PATCHCODE = 7  # Patch Code
    GS1_DATABAR = 8  # GS1 DataBar
    GS1_COMPOSITE = 9  # GS1 Composite
    POSTALCODE = 10  # postal codes
    DOTCODE = 11  # DotCode
    INTERMEDIATE_RESULT = 12  # intermediate results
    DPM = 13  # direct part marking
    NONSTANDARD_BARCODE = 16  # non-standard barcodes


class Product(IntFlag):
    """Products, bits that may be combined."""

    DBR = 1  # barcode reader
    DLR = 2  # label recognizer
    DWT = 4  # document scanning (web TWAIN)
    DCE = 8  # camera enhancer
    DPS = 16  # panorama stitching
    ALL = 65535  # any product


class Resubmit(IntEnum):
    """When a report whose submission failed is tried again."""

    NEXT_INIT = 0  # at the next initialization only (as published; see docs/compatibility.md)
    INTERVAL = 1  # at every interval, for processes that never restart


class StateFlag(IntFlag):
    """State of a license, bits that may be combined. None of them is an error."""

    CACHE_USED = 1  # no server could be reached; the cached authorization is in use
    TRIAL = 2  # a trial license
    QUOTA_IN_TOLERANCE = 4  # the quota is used up, the tolerance is not
    QUOTA_EXHAUSTED = 8  # quota and tolerance are used up; the next authorization will be refused
    EXPIRED_IN_TOLERANCE = 16  # the license has expired, within its 7 days of tolerance
    STORAGE_DEGRADED = 32  # the data directory can't be used; usage is kept in memory and is lost if the process dies
    STORAGE_RECOVERED = 64  # the ledger or the counters were damaged, missing or an older copy; see the events
    STANDBY_USED = 128  # the standby server answered
    REPORTS_PENDING = 256  # the last submission failed; reports are kept
    USAGE_LOST = 512  # some usage was lost and declared: see the counts by cause
    CLOCK_ANOMALY = 1024  # the clock went back, was set while in use, or is an hour off the server's
    AUTHORIZATION_LAPSED = 2048  # the authorization ran out or was refused while in use; the next start will fail


class EventKind(IntEnum):
    """The kinds of events."""

    SUBMITTED = 1  # reports were accepted by the server
    SUBMIT_FAILED = 2  # reports could not be submitted and are kept
    REPORT_REFUSED = 3  # the server refused a report; its units are declared lost
    REPORTS_PURGED = 4  # reports older than 30 days were purged; their units are declared lost
    STATE_CHANGED = 5  # the state flags changed
    INTERNAL_ERROR = 6  # the library failed internally; the host is not affected


class OperationType(IntEnum):
    """Operations that are counted: symbologies of a barcode reader, import types of a page product. 128 to 255 are defined by the host, by name."""

    OPERATION = 0  # an operation of no particular type
    CODE_39 = 1
    CODE_128 = 2
    CODE_93 = 3
    CODABAR = 4
    ITF = 5
    EAN_13 = 6
    EAN_8 = 7
    UPC_A = 8
    UPC_E = 9
    INDUSTRIAL_25 = 10
    CODE_39_EXTENDED = 11
    MSI_CODE = 12
    CODE_11 = 13
    PHARMACODE = 14
    PATCHCODE = 15
    QR_CODE = 16
    MICRO_QR = 17
    RMQR_CODE = 18
    PDF417 = 19
    MICRO_PDF417 = 20
    DATAMATRIX = 21
    AZTEC = 22
    MAXICODE = 23
    DOTCODE = 24
    GS1_COMPOSITE = 25
    GS1_DATABAR_OMNIDIRECTIONAL = 26
    GS1_DATABAR_TRUNCATED = 27
    GS1_DATABAR_STACKED = 28
    GS1_DATABAR_STACKED_OMNIDIRECTIONAL = 29
    GS1_DATABAR_EXPANDED = 30
    GS1_DATABAR_EXPANDED_STACKED = 31
    GS1_DATABAR_LIMITED = 32
    USPS_INTELLIGENT_MAIL = 33
    POSTNET = 34
    PLANET = 35
    AUSTRALIAN_POST = 36
    RM4SCC = 37
    KIX = 38
    NONSTANDARD_BARCODE = 39
    DX_FILM_EDGE = 40
    PAGE_SCANNED = 64  # a page acquired from a scanner
    PAGE_CAPTURED = 65  # a frame captured from a camera
    PAGE_LOADED = 66  # a page loaded from a file
    PAGE_RASTERIZED = 67  # a page rasterized
    PAGE_RECOGNIZED = 68  # a page recognized (OCR)
