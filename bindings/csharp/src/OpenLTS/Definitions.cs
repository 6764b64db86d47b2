// Generated from conformance/definitions.json by build/generate. Do not edit.

using System;

namespace OpenLTS
{
    /// <summary>Status codes: 0 is success, everything negative an error.</summary>
    public enum StatusCode
    {
        /// <summary>Successful.</summary>
        OK = 0,
        /// <summary>No license specified.</summary>
        NoLicense = -20000,
        /// <summary>The handshake code is invalid.</summary>
        HandshakeCodeInvalid = -20001,
        /// <summary>Failed to read or write license buffer.</summary>
        LicenseBufferFailed = -20002,
        /// <summary>Failed to synchronize license info with license tracking server.</summary>
        LicenseSyncFailed = -20003,
        /// <summary>Device does not match with license buffer.</summary>
        DeviceNotMatch = -20004,
        /// <summary>Failed to bind device.</summary>
        BindDeviceFailed = -20005,
        /// <summary>Interface InitLicenseFromLTS can not be used together with other license initiation interfaces.</summary>
        LicenseInterfaceConflict = -20006,
        /// <summary>The license client dll is missing.</summary>
        LicenseClientDllMissing = -20007,
        /// <summary>The number of instances used has exceeded the limit.</summary>
        InstanceCountOverLimit = -20008,
        /// <summary>Interface InitLicenseFromLTS has to be called before creating any SDK objects.</summary>
        LicenseInitSequenceFailed = -20009,
        /// <summary>Using a trial license.</summary>
        TrialLicense = -20010,
        /// <summary>The license does not match the version of the product.</summary>
        LicenseVersionNotMatch = -20011,
        /// <summary>Online license validation failed due to network issues. Using cached license information for validation.</summary>
        LicenseCacheUsed = -20012,
        /// <summary>The standby LTS refuses to provide service while the main LTS is working.</summary>
        StandbyRefuses = -20100,
        /// <summary>The handshake code you are using does not exist on the License Tracking Server.</summary>
        HandshakeCodeNotFound = -20101,
        /// <summary>Session password is incorrect.</summary>
        SessionPasswordIncorrect = -20102,
        /// <summary>AppDomain for handshake is not matched.</summary>
        HandshakeAppDomainMismatch = -20103,
        /// <summary>No item matched. Please check your handshake and client settings.</summary>
        NoItemMatched = -20104,
        /// <summary>License item does not exist.</summary>
        ItemNotFound = -20105,
        /// <summary>Product is not matched.</summary>
        ProductMismatch = -20106,
        /// <summary>Version mismatch.</summary>
        VersionMismatch = -20107,
        /// <summary>DeploymentType is not matched.</summary>
        DeploymentTypeMismatch = -20108,
        /// <summary>Edition is not matched.</summary>
        EditionMismatch = -20109,
        /// <summary>License has expired.</summary>
        LicenseExpired = -20111,
        /// <summary>License has not yet taken effect.</summary>
        LicenseNotYetEffective = -20112,
        /// <summary>This license item has been invalid.</summary>
        ItemInvalid = -20113,
        /// <summary>AppDomain for licenseItem is not matched.</summary>
        ItemAppDomainMismatch = -20114,
        /// <summary>ChargeWay for licenseItem is not matched.</summary>
        ChargeWayMismatch = -20115,
        /// <summary>License has exceeded its limit.</summary>
        LimitExceeded = -20120,
        /// <summary>Organization ID does not exist or lacks a configured default handshake.</summary>
        OrganizationNotFound = -20121,
        /// <summary>Handshake Code and Organization ID mismatch.</summary>
        HandshakeOrganizationMismatch = -20122,
        /// <summary>No specified handshake or organization.</summary>
        NoHandshakeOrOrganization = -20123,
        /// <summary>Missing licenseItem dependency in handshake.</summary>
        ItemDependencyMissing = -20124,
        /// <summary>License quota exceeded by request count.</summary>
        RequestQuotaExceeded = -20130,
        /// <summary>Cloned device detected.</summary>
        ClonedDevice = -20151,
        /// <summary>The request is malformed.</summary>
        RequestMalformed = -20190,
        /// <summary>The request is too large.</summary>
        RequestTooLarge = -20191,
        /// <summary>The report does not prove which device it comes from.</summary>
        RequestNotAuthenticated = -20192,
        /// <summary>Too many requests. Try again later.</summary>
        RequestRateLimited = -20193,
        /// <summary>The License Tracking Server failed to carry out the request. Nothing was changed.</summary>
        ServerFailed = -20194,
        /// <summary>There is nothing at this address of the License Tracking Server.</summary>
        NotFound = -20195,
        /// <summary>This address does not answer to this HTTP method.</summary>
        MethodNotAllowed = -20196,
        /// <summary>The License Tracking Server does not speak this version of the protocol.</summary>
        ProtocolVersion = -20197,
        /// <summary>The report came too late: the usage of its time was closed.</summary>
        SlotClosed = -20198,
        /// <summary>Failed to reach License Tracking Server.</summary>
        FailedToReachLTS = -20200,
        /// <summary>An argument is not valid.</summary>
        InvalidArgument = -20300,
        /// <summary>The license handle is not valid: never opened, or closed already.</summary>
        InvalidHandle = -20301,
        /// <summary>The buffer is too small for the result.</summary>
        BufferTooSmall = -20302,
        /// <summary>This function can not be called in a process forked after its parent had begun to use the library. Recorded operations count; start everything else after the fork.</summary>
        Forked = -20303,
        /// <summary>The license library failed internally. The host is not affected.</summary>
        Internal = -20304,
        /// <summary>The deadline passed before the work was done. What was not sent is kept.</summary>
        DeadlineExceeded = -20305,
        /// <summary>The answer is not signed with the key this License Tracking Server is known by.</summary>
        ServerKeyMismatch = -20306,
        /// <summary>The answer does not come from a License Tracking Server.</summary>
        ServerResponseInvalid = -20307,
        /// <summary>A limit of the library is reached.</summary>
        TooMany = -20308,
        /// <summary>The time stamp lies in the future or more than 30 days back.</summary>
        TimeOutOfRange = -20309,
        /// <summary>The operation type is not defined.</summary>
        UnknownOperationType = -20310,
        /// <summary>The library and its caller were built for different versions of the interface.</summary>
        ABIMismatch = -20311,
        /// <summary>Some usage reports could not be submitted. They are kept and will be submitted later.</summary>
        ReportsPending = -20312,
        /// <summary>The process lacks memory, threads or file descriptors, which the library needs. Nothing was done.</summary>
        HostResources = -20313,
    }

    /// <summary>How usage is charged. PAGE_COUNT, and the values from 101 on, are ours: the vendor publishes none for them.</summary>
    public enum ChargeWay
    {
        /// <summary>decided by the server</summary>
        Auto = 0,
        /// <summary>distinct devices</summary>
        DeviceCount = 1,
        /// <summary>barcodes scanned</summary>
        ScanCount = 2,
        /// <summary>devices active in one slot</summary>
        ConcurrentDeviceCount = 3,
        /// <summary>pages processed</summary>
        PageCount = 4,
        /// <summary>domains of applications</summary>
        AppDomainCount = 6,
        /// <summary>devices active in 24 hours</summary>
        ActiveDeviceCount = 8,
        /// <summary>instances</summary>
        InstanceCount = 9,
        /// <summary>instances active in one slot</summary>
        ConcurrentInstanceCount = 10,
        /// <summary>devices active in a day, until the item's end</summary>
        DailyActiveDeviceCount = 101,
        /// <summary>devices active in 30 days</summary>
        MonthlyActiveDeviceCount = 102,
        /// <summary>devices active in 90 days</summary>
        QuarterlyActiveDeviceCount = 103,
        /// <summary>devices active in 365 days</summary>
        YearlyActiveDeviceCount = 104,
    }

    /// <summary>Where the SDK runs. Values of the vendor; BROWSER and MOBILE are ours (the vendor publishes none).</summary>
    public enum DeploymentType
    {
        /// <summary>server or workstation</summary>
        Server = 1,
        /// <summary>desktop</summary>
        Desktop = 2,
        /// <summary>browser</summary>
        Browser = 3,
        /// <summary>iOS or Android</summary>
        Mobile = 4,
        /// <summary>embedded device</summary>
        EmbeddedDevice = 6,
        /// <summary>OEM</summary>
        OEM = 7,
    }

    /// <summary>How the client UUID is made.</summary>
    public enum UUIDGenerationMethod
    {
        /// <summary>random, cached in the data directory</summary>
        Random = 1,
        /// <summary>derived from the machine</summary>
        Hardware = 2,
    }

    /// <summary>Modules of a barcode reader that a license may be limited to.</summary>
    public enum LicenseModule
    {
        /// <summary>1D barcodes</summary>
        ONED = 1,
        /// <summary>QR Code</summary>
        QRCode = 2,
        /// <summary>PDF417</summary>
        PDF417 = 3,
        /// <summary>Data Matrix</summary>
        Datamatrix = 4,
        /// <summary>Aztec</summary>
        Aztec = 5,
        /// <summary>MaxiCode</summary>
        Maxicode = 6,
        /// <summary>Patch Code</summary>
        Patchcode = 7,
        /// <summary>GS1 DataBar</summary>
        GS1Databar = 8,
        /// <summary>GS1 Composite</summary>
        GS1Composite = 9,
        /// <summary>postal codes</summary>
        Postalcode = 10,
        /// <summary>DotCode</summary>
        Dotcode = 11,
        /// <summary>intermediate results</summary>
        IntermediateResult = 12,
        /// <summary>direct part marking</summary>
        DPM = 13,
        /// <summary>non-standard barcodes</summary>
        NonstandardBarcode = 16,
    }

    /// <summary>Products, bits that may be combined.</summary>
    [Flags]
    public enum Product
    {
        /// <summary>barcode reader</summary>
        DBR = 1,
        /// <summary>label recognizer</summary>
        DLR = 2,
        /// <summary>document scanning (web TWAIN)</summary>
        DWT = 4,
        /// <summary>camera enhancer</summary>
        DCE = 8,
        /// <summary>panorama stitching</summary>
        DPS = 16,
        /// <summary>any product</summary>
        All = 65535,
    }

    /// <summary>When a report whose submission failed is tried again.</summary>
    public enum Resubmit
    {
        /// <summary>at the next initialization only (as published; see docs/compatibility.md)</summary>
        NextInit = 0,
        /// <summary>at every interval, for processes that never restart</summary>
        Interval = 1,
    }

    /// <summary>State of a license, bits that may be combined. None of them is an error.</summary>
    [Flags]
    public enum StateFlag
    {
        /// <summary>no server could be reached; the cached authorization is in use</summary>
        CacheUsed = 1,
        /// <summary>a trial license</summary>
        Trial = 2,
        /// <summary>the quota is used up, the tolerance is not</summary>
        QuotaInTolerance = 4,
        /// <summary>quota and tolerance are used up; the next authorization will be refused</summary>
        QuotaExhausted = 8,
        /// <summary>the license has expired, within its 7 days of tolerance</summary>
        ExpiredInTolerance = 16,
        /// <summary>the data directory can't be used; usage is kept in memory and is lost if the process dies</summary>
        StorageDegraded = 32,
        /// <summary>the ledger or the counters were damaged, missing or an older copy; see the events</summary>
        StorageRecovered = 64,
        /// <summary>the standby server answered</summary>
        StandbyUsed = 128,
        /// <summary>the last submission failed; reports are kept</summary>
        ReportsPending = 256,
        /// <summary>some usage was lost and declared: see the counts by cause</summary>
        UsageLost = 512,
        /// <summary>the clock went back, was set while in use, or is an hour off the server's</summary>
        ClockAnomaly = 1024,
        /// <summary>the authorization ran out or was refused while in use; the next start will fail</summary>
        AuthorizationLapsed = 2048,
    }

    /// <summary>The kinds of events.</summary>
    public enum EventKind
    {
        /// <summary>reports were accepted by the server</summary>
        Submitted = 1,
        /// <summary>reports could not be submitted and are kept</summary>
        SubmitFailed = 2,
        /// <summary>the server refused a report; its units are declared lost</summary>
        ReportRefused = 3,
        /// <summary>reports older than 30 days were purged; their units are declared lost</summary>
        ReportsPurged = 4,
        /// <summary>the state flags changed</summary>
        StateChanged = 5,
        /// <summary>the library failed internally; the host is not affected</summary>
        InternalError = 6,
    }

    /// <summary>Operations that are counted: symbologies of a barcode reader, import types of a page product. 128 to 255 are defined by the host, by name.</summary>
    public enum OperationType
    {
        /// <summary>an operation of no particular type</summary>
        Operation = 0,
        /// <summary>CODE_39</summary>
        Code39 = 1,
        /// <summary>CODE_128</summary>
        Code128 = 2,
        /// <summary>CODE_93</summary>
        Code93 = 3,
        /// <summary>CODABAR</summary>
        Codabar = 4,
        /// <summary>ITF</summary>
        ITF = 5,
        /// <summary>EAN_13</summary>
        EAN13 = 6,
        /// <summary>EAN_8</summary>
        EAN8 = 7,
        /// <summary>UPC_A</summary>
        UPCA = 8,
        /// <summary>UPC_E</summary>
        UPCE = 9,
        /// <summary>INDUSTRIAL_25</summary>
        Industrial25 = 10,
        /// <summary>CODE_39_EXTENDED</summary>
        Code39Extended = 11,
        /// <summary>MSI_CODE</summary>
        MSICode = 12,
        /// <summary>CODE_11</summary>
        Code11 = 13,
        /// <summary>PHARMACODE</summary>
        Pharmacode = 14,
        /// <summary>PATCHCODE</summary>
        Patchcode = 15,
        /// <summary>QR_CODE</summary>
        QRCode = 16,
        /// <summary>MICRO_QR</summary>
        MicroQR = 17,
        /// <summary>RMQR_CODE</summary>
        RmqrCode = 18,
        /// <summary>PDF417</summary>
        PDF417 = 19,
        /// <summary>MICRO_PDF417</summary>
        MicroPDF417 = 20,
        /// <summary>DATAMATRIX</summary>
        Datamatrix = 21,
        /// <summary>AZTEC</summary>
        Aztec = 22,
        /// <summary>MAXICODE</summary>
        Maxicode = 23,
        /// <summary>DOTCODE</summary>
        Dotcode = 24,
        /// <summary>GS1_COMPOSITE</summary>
        GS1Composite = 25,
        /// <summary>GS1_DATABAR_OMNIDIRECTIONAL</summary>
        GS1DatabarOmnidirectional = 26,
        /// <summary>GS1_DATABAR_TRUNCATED</summary>
        GS1DatabarTruncated = 27,
        /// <summary>GS1_DATABAR_STACKED</summary>
        GS1DatabarStacked = 28,
        /// <summary>GS1_DATABAR_STACKED_OMNIDIRECTIONAL</summary>
        GS1DatabarStackedOmnidirectional = 29,
        /// <summary>GS1_DATABAR_EXPANDED</summary>
        GS1DatabarExpanded = 30,
        /// <summary>GS1_DATABAR_EXPANDED_STACKED</summary>
        GS1DatabarExpandedStacked = 31,
        /// <summary>GS1_DATABAR_LIMITED</summary>
        GS1DatabarLimited = 32,
        /// <summary>USPS_INTELLIGENT_MAIL</summary>
        USPSIntelligentMail = 33,
        /// <summary>POSTNET</summary>
        Postnet = 34,
        /// <summary>PLANET</summary>
        Planet = 35,
        /// <summary>AUSTRALIAN_POST</summary>
        AustralianPost = 36,
        /// <summary>RM4SCC</summary>
        RM4SCC = 37,
        /// <summary>KIX</summary>
        KIX = 38,
        /// <summary>NONSTANDARD_BARCODE</summary>
        NonstandardBarcode = 39,
        /// <summary>DX_FILM_EDGE</summary>
        DXFilmEdge = 40,
        /// <summary>a page acquired from a scanner</summary>
        PageScanned = 64,
        /// <summary>a frame captured from a camera</summary>
        PageCaptured = 65,
        /// <summary>a page loaded from a file</summary>
        PageLoaded = 66,
        /// <summary>a page rasterized</summary>
        PageRasterized = 67,
        /// <summary>a page recognized (OCR)</summary>
        PageRecognized = 68,
    }
}
