// Generated from conformance/definitions.json by build/generate. Do not edit.

package protocol

// Status codes.
const (
	// StatusOK: Successful.
	StatusOK Status = 0
	// StatusNoLicense: No license specified.
	StatusNoLicense Status = -20000
	// StatusHandshakeCodeInvalid: The handshake code is invalid.
	StatusHandshakeCodeInvalid Status = -20001
	// StatusLicenseBufferFailed: Failed to read or write license buffer.
	StatusLicenseBufferFailed Status = -20002
	// StatusLicenseSyncFailed: Failed to synchronize license info with license tracking server.
	StatusLicenseSyncFailed Status = -20003
	// StatusDeviceNotMatch: Device does not match with license buffer.
	StatusDeviceNotMatch Status = -20004
	// StatusBindDeviceFailed: Failed to bind device.
	StatusBindDeviceFailed Status = -20005
	// StatusLicenseInterfaceConflict: Interface InitLicenseFromLTS can not be used together with other license initiation interfaces.
	StatusLicenseInterfaceConflict Status = -20006
	// StatusLicenseClientDllMissing: The license client dll is missing.
	StatusLicenseClientDllMissing Status = -20007
	// StatusInstanceCountOverLimit: The number of instances used has exceeded the limit.
	StatusInstanceCountOverLimit Status = -20008
	// StatusLicenseInitSequenceFailed: Interface InitLicenseFromLTS has to be called before creating any SDK objects.
	StatusLicenseInitSequenceFailed Status = -20009
	// StatusTrialLicense: Using a trial license.
	StatusTrialLicense Status = -20010
	// StatusLicenseVersionNotMatch: The license does not match the version of the product.
	StatusLicenseVersionNotMatch Status = -20011
	// StatusLicenseCacheUsed: Online license validation failed due to network issues. Using cached license information for validation.
	StatusLicenseCacheUsed Status = -20012
	// StatusStandbyRefuses: The standby LTS refuses to provide service while the main LTS is working.
	StatusStandbyRefuses Status = -20100
	// StatusHandshakeCodeNotFound: The handshake code you are using does not exist on the License Tracking Server.
	StatusHandshakeCodeNotFound Status = -20101
	// StatusSessionPasswordIncorrect: Session password is incorrect.
	StatusSessionPasswordIncorrect Status = -20102
	// StatusHandshakeAppDomainMismatch: AppDomain for handshake is not matched.
	StatusHandshakeAppDomainMismatch Status = -20103
	// StatusNoItemMatched: No item matched. Please check your handshake and client settings.
	StatusNoItemMatched Status = -20104
	// StatusItemNotFound: License item does not exist.
	StatusItemNotFound Status = -20105
	// StatusProductMismatch: Product is not matched.
	StatusProductMismatch Status = -20106
	// StatusVersionMismatch: Version mismatch.
	StatusVersionMismatch Status = -20107
	// StatusDeploymentTypeMismatch: DeploymentType is not matched.
	StatusDeploymentTypeMismatch Status = -20108
	// StatusEditionMismatch: Edition is not matched.
	StatusEditionMismatch Status = -20109
	// StatusLicenseExpired: License has expired.
	StatusLicenseExpired Status = -20111
	// StatusLicenseNotYetEffective: License has not yet taken effect.
	StatusLicenseNotYetEffective Status = -20112
	// StatusItemInvalid: This license item has been invalid.
	StatusItemInvalid Status = -20113
	// StatusItemAppDomainMismatch: AppDomain for licenseItem is not matched.
	StatusItemAppDomainMismatch Status = -20114
	// StatusChargeWayMismatch: ChargeWay for licenseItem is not matched.
	StatusChargeWayMismatch Status = -20115
	// StatusLimitExceeded: License has exceeded its limit.
	StatusLimitExceeded Status = -20120
	// StatusOrganizationNotFound: Organization ID does not exist or lacks a configured default handshake.
	StatusOrganizationNotFound Status = -20121
	// StatusHandshakeOrganizationMismatch: Handshake Code and Organization ID mismatch.
	StatusHandshakeOrganizationMismatch Status = -20122
	// StatusNoHandshakeOrOrganization: No specified handshake or organization.
	StatusNoHandshakeOrOrganization Status = -20123
	// StatusItemDependencyMissing: Missing licenseItem dependency in handshake.
	StatusItemDependencyMissing Status = -20124
	// StatusRequestQuotaExceeded: License quota exceeded by request count.
	StatusRequestQuotaExceeded Status = -20130
	// StatusClonedDevice: Cloned device detected.
	StatusClonedDevice Status = -20151
	// StatusRequestMalformed: The request is malformed.
	StatusRequestMalformed Status = -20190
	// StatusRequestTooLarge: The request is too large.
	StatusRequestTooLarge Status = -20191
	// StatusRequestNotAuthenticated: The report does not prove which device it comes from.
	StatusRequestNotAuthenticated Status = -20192
	// StatusRequestRateLimited: Too many requests. Try again later.
	StatusRequestRateLimited Status = -20193
	// StatusServerFailed: The License Tracking Server failed to carry out the request. Nothing was changed.
	StatusServerFailed Status = -20194
	// StatusNotFound: There is nothing at this address of the License Tracking Server.
	StatusNotFound Status = -20195
	// StatusMethodNotAllowed: This address does not answer to this HTTP method.
	StatusMethodNotAllowed Status = -20196
	// StatusProtocolVersion: The License Tracking Server does not speak this version of the protocol.
	StatusProtocolVersion Status = -20197
	// StatusSlotClosed: The report came too late: the usage of its time was closed.
	StatusSlotClosed Status = -20198
	// StatusFailedToReachLTS: Failed to reach License Tracking Server.
	StatusFailedToReachLTS Status = -20200
	// StatusInvalidArgument: An argument is not valid.
	StatusInvalidArgument Status = -20300
	// StatusInvalidHandle: The license handle is not valid: never opened, or closed already.
	StatusInvalidHandle Status = -20301
	// StatusBufferTooSmall: The buffer is too small for the result.
	StatusBufferTooSmall Status = -20302
	// StatusForked: This function can not be called in a process forked after its parent had begun to use the library. Recorded operations count; start everything else after the fork.
	StatusForked Status = -20303
	// StatusInternal: The license library failed internally. The host is not affected.
	StatusInternal Status = -20304
	// StatusDeadlineExceeded: The deadline passed before the work was done. What was not sent is kept.
	StatusDeadlineExceeded Status = -20305
	// StatusServerKeyMismatch: The answer is not signed with the key this License Tracking Server is known by.
	StatusServerKeyMismatch Status = -20306
	// StatusServerResponseInvalid: The answer does not come from a License Tracking Server.
	StatusServerResponseInvalid Status = -20307
	// StatusTooMany: A limit of the library is reached.
	StatusTooMany Status = -20308
	// StatusTimeOutOfRange: The time stamp lies in the future or more than 30 days back.
	StatusTimeOutOfRange Status = -20309
	// StatusUnknownOperationType: The operation type is not defined.
	StatusUnknownOperationType Status = -20310
	// StatusABIMismatch: The library and its caller were built for different versions of the interface.
	StatusABIMismatch Status = -20311
	// StatusReportsPending: Some usage reports could not be submitted. They are kept and will be submitted later.
	StatusReportsPending Status = -20312
	// StatusHostResources: The process lacks memory, threads or file descriptors, which the library needs. Nothing was done.
	StatusHostResources Status = -20313
)

var statusNames = map[Status]string{
	StatusOK:                            "OK",
	StatusNoLicense:                     "NO_LICENSE",
	StatusHandshakeCodeInvalid:          "HANDSHAKE_CODE_INVALID",
	StatusLicenseBufferFailed:           "LICENSE_BUFFER_FAILED",
	StatusLicenseSyncFailed:             "LICENSE_SYNC_FAILED",
	StatusDeviceNotMatch:                "DEVICE_NOT_MATCH",
	StatusBindDeviceFailed:              "BIND_DEVICE_FAILED",
	StatusLicenseInterfaceConflict:      "LICENSE_INTERFACE_CONFLICT",
	StatusLicenseClientDllMissing:       "LICENSE_CLIENT_DLL_MISSING",
	StatusInstanceCountOverLimit:        "INSTANCE_COUNT_OVER_LIMIT",
	StatusLicenseInitSequenceFailed:     "LICENSE_INIT_SEQUENCE_FAILED",
	StatusTrialLicense:                  "TRIAL_LICENSE",
	StatusLicenseVersionNotMatch:        "LICENSE_VERSION_NOT_MATCH",
	StatusLicenseCacheUsed:              "LICENSE_CACHE_USED",
	StatusStandbyRefuses:                "STANDBY_REFUSES",
	StatusHandshakeCodeNotFound:         "HANDSHAKE_CODE_NOT_FOUND",
	StatusSessionPasswordIncorrect:      "SESSION_PASSWORD_INCORRECT",
	StatusHandshakeAppDomainMismatch:    "HANDSHAKE_APP_DOMAIN_MISMATCH",
	StatusNoItemMatched:                 "NO_ITEM_MATCHED",
	StatusItemNotFound:                  "ITEM_NOT_FOUND",
	StatusProductMismatch:               "PRODUCT_MISMATCH",
	StatusVersionMismatch:               "VERSION_MISMATCH",
	StatusDeploymentTypeMismatch:        "DEPLOYMENT_TYPE_MISMATCH",
	StatusEditionMismatch:               "EDITION_MISMATCH",
	StatusLicenseExpired:                "LICENSE_EXPIRED",
	StatusLicenseNotYetEffective:        "LICENSE_NOT_YET_EFFECTIVE",
	StatusItemInvalid:                   "ITEM_INVALID",
	StatusItemAppDomainMismatch:         "ITEM_APP_DOMAIN_MISMATCH",
	StatusChargeWayMismatch:             "CHARGE_WAY_MISMATCH",
	StatusLimitExceeded:                 "LIMIT_EXCEEDED",
	StatusOrganizationNotFound:          "ORGANIZATION_NOT_FOUND",
	StatusHandshakeOrganizationMismatch: "HANDSHAKE_ORGANIZATION_MISMATCH",
	StatusNoHandshakeOrOrganization:     "NO_HANDSHAKE_OR_ORGANIZATION",
	StatusItemDependencyMissing:         "ITEM_DEPENDENCY_MISSING",
	StatusRequestQuotaExceeded:          "REQUEST_QUOTA_EXCEEDED",
	StatusClonedDevice:                  "CLONED_DEVICE",
	StatusRequestMalformed:              "REQUEST_MALFORMED",
	StatusRequestTooLarge:               "REQUEST_TOO_LARGE",
	StatusRequestNotAuthenticated:       "REQUEST_NOT_AUTHENTICATED",
	StatusRequestRateLimited:            "REQUEST_RATE_LIMITED",
	StatusServerFailed:                  "SERVER_FAILED",
	StatusNotFound:                      "NOT_FOUND",
	StatusMethodNotAllowed:              "METHOD_NOT_ALLOWED",
	StatusProtocolVersion:               "PROTOCOL_VERSION",
	StatusSlotClosed:                    "SLOT_CLOSED",
	StatusFailedToReachLTS:              "FAILED_TO_REACH_LTS",
	StatusInvalidArgument:               "INVALID_ARGUMENT",
	StatusInvalidHandle:                 "INVALID_HANDLE",
	StatusBufferTooSmall:                "BUFFER_TOO_SMALL",
	StatusForked:                        "FORKED",
	StatusInternal:                      "INTERNAL",
	StatusDeadlineExceeded:              "DEADLINE_EXCEEDED",
	StatusServerKeyMismatch:             "SERVER_KEY_MISMATCH",
	StatusServerResponseInvalid:         "SERVER_RESPONSE_INVALID",
	StatusTooMany:                       "TOO_MANY",
	StatusTimeOutOfRange:                "TIME_OUT_OF_RANGE",
	StatusUnknownOperationType:          "UNKNOWN_OPERATION_TYPE",
	StatusABIMismatch:                   "ABI_MISMATCH",
	StatusReportsPending:                "REPORTS_PENDING",
	StatusHostResources:                 "HOST_RESOURCES",
}

var statusMessages = map[Status]string{
	StatusOK:                            "Successful.",
	StatusNoLicense:                     "No license specified.",
	StatusHandshakeCodeInvalid:          "The handshake code is invalid.",
	StatusLicenseBufferFailed:           "Failed to read or write license buffer.",
	StatusLicenseSyncFailed:             "Failed to synchronize license info with license tracking server.",
	StatusDeviceNotMatch:                "Device does not match with license buffer.",
	StatusBindDeviceFailed:              "Failed to bind device.",
	StatusLicenseInterfaceConflict:      "Interface InitLicenseFromLTS can not be used together with other license initiation interfaces.",
	StatusLicenseClientDllMissing:       "The license client dll is missing.",
	StatusInstanceCountOverLimit:        "The number of instances used has exceeded the limit.",
	StatusLicenseInitSequenceFailed:     "Interface InitLicenseFromLTS has to be called before creating any SDK objects.",
	StatusTrialLicense:                  "Using a trial license.",
	StatusLicenseVersionNotMatch:        "The license does not match the version of the product.",
	StatusLicenseCacheUsed:              "Online license validation failed due to network issues. Using cached license information for validation.",
	StatusStandbyRefuses:                "The standby LTS refuses to provide service while the main LTS is working.",
	StatusHandshakeCodeNotFound:         "The handshake code you are using does not exist on the License Tracking Server.",
	StatusSessionPasswordIncorrect:      "Session password is incorrect.",
	StatusHandshakeAppDomainMismatch:    "AppDomain for handshake is not matched.",
	StatusNoItemMatched:                 "No item matched. Please check your handshake and client settings.",
	StatusItemNotFound:                  "License item does not exist.",
	StatusProductMismatch:               "Product is not matched.",
	StatusVersionMismatch:               "Version mismatch.",
	StatusDeploymentTypeMismatch:        "DeploymentType is not matched.",
	StatusEditionMismatch:               "Edition is not matched.",
	StatusLicenseExpired:                "License has expired.",
	StatusLicenseNotYetEffective:        "License has not yet taken effect.",
	StatusItemInvalid:                   "This license item has been invalid.",
	StatusItemAppDomainMismatch:         "AppDomain for licenseItem is not matched.",
	StatusChargeWayMismatch:             "ChargeWay for licenseItem is not matched.",
	StatusLimitExceeded:                 "License has exceeded its limit.",
	StatusOrganizationNotFound:          "Organization ID does not exist or lacks a configured default handshake.",
	StatusHandshakeOrganizationMismatch: "Handshake Code and Organization ID mismatch.",
	StatusNoHandshakeOrOrganization:     "No specified handshake or organization.",
	StatusItemDependencyMissing:         "Missing licenseItem dependency in handshake.",
	StatusRequestQuotaExceeded:          "License quota exceeded by request count.",
	StatusClonedDevice:                  "Cloned device detected.",
	StatusRequestMalformed:              "The request is malformed.",
	StatusRequestTooLarge:               "The request is too large.",
	StatusRequestNotAuthenticated:       "The report does not prove which device it comes from.",
	StatusRequestRateLimited:            "Too many requests. Try again later.",
	StatusServerFailed:                  "The License Tracking Server failed to carry out the request. Nothing was changed.",
	StatusNotFound:                      "There is nothing at this address of the License Tracking Server.",
	StatusMethodNotAllowed:              "This address does not answer to this HTTP method.",
	StatusProtocolVersion:               "The License Tracking Server does not speak this version of the protocol.",
	StatusSlotClosed:                    "The report came too late: the usage of its time was closed.",
	StatusFailedToReachLTS:              "Failed to reach License Tracking Server.",
	StatusInvalidArgument:               "An argument is not valid.",
	StatusInvalidHandle:                 "The license handle is not valid: never opened, or closed already.",
	StatusBufferTooSmall:                "The buffer is too small for the result.",
	StatusForked:                        "This function can not be called in a process forked after its parent had begun to use the library. Recorded operations count; start everything else after the fork.",
	StatusInternal:                      "The license library failed internally. The host is not affected.",
	StatusDeadlineExceeded:              "The deadline passed before the work was done. What was not sent is kept.",
	StatusServerKeyMismatch:             "The answer is not signed with the key this License Tracking Server is known by.",
	StatusServerResponseInvalid:         "The answer does not come from a License Tracking Server.",
	StatusTooMany:                       "A limit of the library is reached.",
	StatusTimeOutOfRange:                "The time stamp lies in the future or more than 30 days back.",
	StatusUnknownOperationType:          "The operation type is not defined.",
	StatusABIMismatch:                   "The library and its caller were built for different versions of the interface.",
	StatusReportsPending:                "Some usage reports could not be submitted. They are kept and will be submitted later.",
	StatusHostResources:                 "The process lacks memory, threads or file descriptors, which the library needs. Nothing was done.",
}

// ChargeWay: How usage is charged. PAGE_COUNT, and the values from 101 on, are ours: the vendor publishes none for them.
type ChargeWay int32

// Values of ChargeWay.
const (
	ChargeWayAuto                       ChargeWay = 0   // decided by the server
	ChargeWayDeviceCount                ChargeWay = 1   // distinct devices
	ChargeWayScanCount                  ChargeWay = 2   // barcodes scanned
	ChargeWayConcurrentDeviceCount      ChargeWay = 3   // devices active in one slot
	ChargeWayPageCount                  ChargeWay = 4   // pages processed
	ChargeWayAppDomainCount             ChargeWay = 6   // domains of applications
	ChargeWayActiveDeviceCount          ChargeWay = 8   // devices active in 24 hours
	ChargeWayInstanceCount              ChargeWay = 9   // instances
	ChargeWayConcurrentInstanceCount    ChargeWay = 10  // instances active in one slot
	ChargeWayDailyActiveDeviceCount     ChargeWay = 101 // devices active in a day, until the item's end
	ChargeWayMonthlyActiveDeviceCount   ChargeWay = 102 // devices active in 30 days
	ChargeWayQuarterlyActiveDeviceCount ChargeWay = 103 // devices active in 90 days
	ChargeWayYearlyActiveDeviceCount    ChargeWay = 104 // devices active in 365 days
)

var chargeWays = []chargeWayDefinition{
	{0, "AUTO", "", -1, false, false},
	{1, "DEVICE_COUNT", "device", -1, false, false},
	{2, "SCAN_COUNT", "scan", UnitScan, false, false},
	{3, "CONCURRENT_DEVICE_COUNT", "concurrent-device", -1, true, true},
	{4, "PAGE_COUNT", "page", UnitPage, false, false},
	{6, "APP_DOMAIN_COUNT", "domain", -1, false, false},
	{8, "ACTIVE_DEVICE_COUNT", "active-device", -1, true, false},
	{9, "INSTANCE_COUNT", "instance", -1, false, false},
	{10, "CONCURRENT_INSTANCE_COUNT", "concurrent-instance", -1, true, true},
	{101, "DAILY_ACTIVE_DEVICE_COUNT", "daily-active-device", -1, true, false},
	{102, "MONTHLY_ACTIVE_DEVICE_COUNT", "monthly-active-device", -1, true, false},
	{103, "QUARTERLY_ACTIVE_DEVICE_COUNT", "quarterly-active-device", -1, true, false},
	{104, "YEARLY_ACTIVE_DEVICE_COUNT", "yearly-active-device", -1, true, false},
}

// DeploymentType: Where the SDK runs. Values of the vendor; BROWSER and MOBILE are ours (the vendor publishes none).
type DeploymentType int32

// Values of DeploymentType.
const (
	DeploymentTypeServer         DeploymentType = 1 // server or workstation
	DeploymentTypeDesktop        DeploymentType = 2 // desktop
	DeploymentTypeBrowser        DeploymentType = 3 // browser
	DeploymentTypeMobile         DeploymentType = 4 // iOS or Android
	DeploymentTypeEmbeddedDevice DeploymentType = 6 // embedded device
	DeploymentTypeOEM            DeploymentType = 7 // OEM
)

// UUIDGenerationMethod: How the client UUID is made.
type UUIDGenerationMethod int32

// Values of UUIDGenerationMethod.
const (
	UUIDGenerationMethodRandom   UUIDGenerationMethod = 1 // random, cached in the data directory
	UUIDGenerationMethodHardware UUIDGenerationMethod = 2 // derived from the machine
)

// LicenseModule: Modules of a barcode reader that a license may be limited to.
type LicenseModule int32

// Values of LicenseModule.
const (
	LicenseModuleONED               LicenseModule = 1  // 1D barcodes
	LicenseModuleQRCode             LicenseModule = 2  // QR Code
	LicenseModulePDF417             LicenseModule = 3  // PDF417
	LicenseModuleDatamatrix         LicenseModule = 4  // Data Matrix
	LicenseModuleAztec              LicenseModule = 5  // Aztec
	LicenseModuleMaxicode           LicenseModule = 6  // MaxiCode
	LicenseModulePatchcode          LicenseModule = 7  // Patch Code
	LicenseModuleGS1Databar         LicenseModule = 8  // GS1 DataBar
	LicenseModuleGS1Composite       LicenseModule = 9  // GS1 Composite
	LicenseModulePostalcode         LicenseModule = 10 // postal codes
	LicenseModuleDotcode            LicenseModule = 11 // DotCode
	LicenseModuleIntermediateResult LicenseModule = 12 // intermediate results
	LicenseModuleDPM                LicenseModule = 13 // direct part marking
	LicenseModuleNonstandardBarcode LicenseModule = 16 // non-standard barcodes
)

// Product: Products, bits that may be combined.
type Product int32

// Values of Product.
const (
	ProductDBR Product = 1     // barcode reader
	ProductDLR Product = 2     // label recognizer
	ProductDWT Product = 4     // document scanning (web TWAIN)
	ProductDCE Product = 8     // camera enhancer
	ProductDPS Product = 16    // panorama stitching
	ProductAll Product = 65535 // any product
)

// Resubmit: When a report whose submission failed is tried again.
type Resubmit int32

// Values of Resubmit.
const (
	ResubmitNextInit Resubmit = 0 // at the next initialization only (as published; see docs/compatibility.md)
	ResubmitInterval Resubmit = 1 // at every interval, for processes that never restart
)

// StateFlag: State of a license, bits that may be combined. None of them is an error.
type StateFlag int32

// Values of StateFlag.
const (
	StateFlagCacheUsed           StateFlag = 1    // no server could be reached; the cached authorization is in use
	StateFlagTrial               StateFlag = 2    // a trial license
	StateFlagQuotaInTolerance    StateFlag = 4    // the quota is used up, the tolerance is not
	StateFlagQuotaExhausted      StateFlag = 8    // quota and tolerance are used up; the next authorization will be refused
	StateFlagExpiredInTolerance  StateFlag = 16   // the license has expired, within its 7 days of tolerance
	StateFlagStorageDegraded     StateFlag = 32   // the data directory can't be used; usage is kept in memory and is lost if the process dies
	StateFlagStorageRecovered    StateFlag = 64   // the ledger or the counters were damaged, missing or an older copy; see the events
	StateFlagStandbyUsed         StateFlag = 128  // the standby server answered
	StateFlagReportsPending      StateFlag = 256  // the last submission failed; reports are kept
	StateFlagUsageLost           StateFlag = 512  // some usage was lost and declared: see the counts by cause
	StateFlagClockAnomaly        StateFlag = 1024 // the clock went back, was set while in use, or is an hour off the server's
	StateFlagAuthorizationLapsed StateFlag = 2048 // the authorization ran out or was refused while in use; the next start will fail
)

// EventKind: The kinds of events.
type EventKind int32

// Values of EventKind.
const (
	EventKindSubmitted     EventKind = 1 // reports were accepted by the server
	EventKindSubmitFailed  EventKind = 2 // reports could not be submitted and are kept
	EventKindReportRefused EventKind = 3 // the server refused a report; its units are declared lost
	EventKindReportsPurged EventKind = 4 // reports older than 30 days were purged; their units are declared lost
	EventKindStateChanged  EventKind = 5 // the state flags changed
	EventKindInternalError EventKind = 6 // the library failed internally; the host is not affected
)

// OperationType: Operations that are counted: symbologies of a barcode reader, import types of a page product. 128 to 255 are defined by the host, by name.
type OperationType int32

// Values of OperationType.
const (
	OperationTypeOperation                        OperationType = 0 // an operation of no particular type
	OperationTypeCode39                           OperationType = 1
	OperationTypeCode128                          OperationType = 2
	OperationTypeCode93                           OperationType = 3
	OperationTypeCodabar                          OperationType = 4
	OperationTypeITF                              OperationType = 5
	OperationTypeEAN13                            OperationType = 6
	OperationTypeEAN8                             OperationType = 7
	OperationTypeUPCA                             OperationType = 8
	OperationTypeUPCE                             OperationType = 9
	OperationTypeIndustrial25                     OperationType = 10
	OperationTypeCode39Extended                   OperationType = 11
	OperationTypeMSICode                          OperationType = 12
	OperationTypeCode11                           OperationType = 13
	OperationTypePharmacode                       OperationType = 14
	OperationTypePatchcode                        OperationType = 15
	OperationTypeQRCode                           OperationType = 16
	OperationTypeMicroQR                          OperationType = 17
	OperationTypeRmqrCode                         OperationType = 18
	OperationTypePDF417                           OperationType = 19
	OperationTypeMicroPDF417                      OperationType = 20
	OperationTypeDatamatrix                       OperationType = 21
	OperationTypeAztec                            OperationType = 22
	OperationTypeMaxicode                         OperationType = 23
	OperationTypeDotcode                          OperationType = 24
	OperationTypeGS1Composite                     OperationType = 25
	OperationTypeGS1DatabarOmnidirectional        OperationType = 26
	OperationTypeGS1DatabarTruncated              OperationType = 27
	OperationTypeGS1DatabarStacked                OperationType = 28
	OperationTypeGS1DatabarStackedOmnidirectional OperationType = 29
	OperationTypeGS1DatabarExpanded               OperationType = 30
	OperationTypeGS1DatabarExpandedStacked        OperationType = 31
	OperationTypeGS1DatabarLimited                OperationType = 32
	OperationTypeUSPSIntelligentMail              OperationType = 33
	OperationTypePostnet                          OperationType = 34
	OperationTypePlanet                           OperationType = 35
	OperationTypeAustralianPost                   OperationType = 36
	OperationTypeRM4SCC                           OperationType = 37
	OperationTypeKIX                              OperationType = 38
	OperationTypeNonstandardBarcode               OperationType = 39
	OperationTypeDXFilmEdge                       OperationType = 40
	OperationTypePageScanned                      OperationType = 64 // a page acquired from a scanner
	OperationTypePageCaptured                     OperationType = 65 // a frame captured from a camera
	OperationTypePageLoaded                       OperationType = 66 // a page loaded from a file
	OperationTypePageRasterized                   OperationType = 67 // a page rasterized
	OperationTypePageRecognized                   OperationType = 68 // a page recognized (OCR)
)

var operationTypes = map[string]operationTypeDefinition{
	"OPERATION":                           {0, UnitAny, "", ""},
	"CODE_39":                             {1, UnitScan, "", ""},
	"CODE_128":                            {2, UnitScan, "", ""},
	"CODE_93":                             {3, UnitScan, "", ""},
	"CODABAR":                             {4, UnitScan, "", ""},
	"ITF":                                 {5, UnitScan, "", ""},
	"EAN_13":                              {6, UnitScan, "", ""},
	"EAN_8":                               {7, UnitScan, "", ""},
	"UPC_A":                               {8, UnitScan, "", ""},
	"UPC_E":                               {9, UnitScan, "", ""},
	"INDUSTRIAL_25":                       {10, UnitScan, "", ""},
	"CODE_39_EXTENDED":                    {11, UnitScan, "", ""},
	"MSI_CODE":                            {12, UnitScan, "", ""},
	"CODE_11":                             {13, UnitScan, "", ""},
	"PHARMACODE":                          {14, UnitScan, "", ""},
	"PATCHCODE":                           {15, UnitScan, "", ""},
	"QR_CODE":                             {16, UnitScan, "", ""},
	"MICRO_QR":                            {17, UnitScan, "", ""},
	"RMQR_CODE":                           {18, UnitScan, "", ""},
	"PDF417":                              {19, UnitScan, "", ""},
	"MICRO_PDF417":                        {20, UnitScan, "", ""},
	"DATAMATRIX":                          {21, UnitScan, "", ""},
	"AZTEC":                               {22, UnitScan, "", ""},
	"MAXICODE":                            {23, UnitScan, "", ""},
	"DOTCODE":                             {24, UnitScan, "", ""},
	"GS1_COMPOSITE":                       {25, UnitScan, "", ""},
	"GS1_DATABAR_OMNIDIRECTIONAL":         {26, UnitScan, "", ""},
	"GS1_DATABAR_TRUNCATED":               {27, UnitScan, "", ""},
	"GS1_DATABAR_STACKED":                 {28, UnitScan, "", ""},
	"GS1_DATABAR_STACKED_OMNIDIRECTIONAL": {29, UnitScan, "", ""},
	"GS1_DATABAR_EXPANDED":                {30, UnitScan, "", ""},
	"GS1_DATABAR_EXPANDED_STACKED":        {31, UnitScan, "", ""},
	"GS1_DATABAR_LIMITED":                 {32, UnitScan, "", ""},
	"USPS_INTELLIGENT_MAIL":               {33, UnitScan, "", ""},
	"POSTNET":                             {34, UnitScan, "", ""},
	"PLANET":                              {35, UnitScan, "", ""},
	"AUSTRALIAN_POST":                     {36, UnitScan, "", ""},
	"RM4SCC":                              {37, UnitScan, "", ""},
	"KIX":                                 {38, UnitScan, "", ""},
	"NONSTANDARD_BARCODE":                 {39, UnitScan, "", ""},
	"DX_FILM_EDGE":                        {40, UnitScan, "", ""},
	"PAGE_SCANNED":                        {64, UnitPage, "core", "scanned"},
	"PAGE_CAPTURED":                       {65, UnitPage, "webcam", "captured"},
	"PAGE_LOADED":                         {66, UnitPage, "core", "loaded"},
	"PAGE_RASTERIZED":                     {67, UnitPage, "pdf-rasterizer", ""},
	"PAGE_RECOGNIZED":                     {68, UnitPage, "ocr", ""},
}
