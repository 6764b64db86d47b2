using System;

namespace OpenLTS
{
    /// <summary>A call that failed. Compare <see cref="Status"/>; the message is for people.</summary>
    public sealed class LTSException : Exception
    {
        internal LTSException(StatusCode status, string message) : base(message)
        {
            Status = status;
        }

        /// <summary>The status code; negative.</summary>
        public StatusCode Status { get; }

        /// <summary>The stable name of the status code, such as "LIMIT_EXCEEDED".</summary>
        public string Name => LTS.StatusName(Status);

        /// <summary>Throws if the status is an error, with the text the library has for it.</summary>
        internal static void Check(int status)
        {
            if (status != (int)StatusCode.OK)
            {
                throw new LTSException((StatusCode)status, LTS.StatusMessage((StatusCode)status));
            }
        }

        /// <summary>Name, number, message and stack trace, for logs.</summary>
        public override string ToString()
        {
            return Name + " (" + (int)Status + "): " + base.ToString();
        }
    }
}
