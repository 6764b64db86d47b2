using System;

namespace BarcodeReading
{
    /// <summary>The reader could not do what it was asked.</summary>
    public sealed class BarcodeReaderException : Exception
    {
        internal BarcodeReaderException(EnumErrorCode code, string message, Exception cause = null)
            : base(message, cause)
        {
            Code = code;
        }

        /// <summary>What went wrong.</summary>
        public EnumErrorCode Code { get; }
    }
}
