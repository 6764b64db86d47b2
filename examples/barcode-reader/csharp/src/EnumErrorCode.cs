using OpenLTS;

namespace BarcodeReading
{
    /// <summary>Error codes of the SDK. Those of the license are OpenLTS.StatusCode's; a License Tracking
    /// Server's refusals (-20100 to -20199) have no names of their own here.</summary>
    public enum EnumErrorCode
    {
        /// <summary>Successful.</summary>
        DBR_OK = StatusCode.OK,
        /// <summary>The decoder failed.</summary>
        DBRERR_UNKNOWN = -10000,
        /// <summary>The image does not fit into memory.</summary>
        DBRERR_NO_MEMORY = -10001,
        /// <summary>An argument is null.</summary>
        DBRERR_NULL_POINTER = -10002,
        /// <summary>The file can't be opened.</summary>
        DBRERR_FILE_NOT_FOUND = -10005,
        /// <summary>The file is neither PNG nor JPEG.</summary>
        DBRERR_FILETYPE_NOT_SUPPORTED = -10006,
        /// <summary>The image is damaged or too large.</summary>
        DBRERR_IMAGE_READ_FAILED = -10012,
        /// <summary>No license specified.</summary>
        DMERR_NO_LICENSE = StatusCode.NoLicense,
        /// <summary>The handshake code is invalid.</summary>
        DMERR_HANDSHAKE_CODE_INVALID = StatusCode.HandshakeCodeInvalid,
        /// <summary>Failed to read or write license buffer.</summary>
        DMERR_LICENSE_BUFFER_FAILED = StatusCode.LicenseBufferFailed,
        /// <summary>The number of instances used has exceeded the limit.</summary>
        DMERR_INSTANCE_COUNT_OVER_LIMIT = StatusCode.InstanceCountOverLimit,
        /// <summary>Using a trial license.</summary>
        DMERR_TRIAL_LICENSE = StatusCode.TrialLicense,
        /// <summary>Failed to reach License Tracking Server.</summary>
        DMERR_FAILED_TO_REACH_LTS = StatusCode.FailedToReachLTS
    }
}
