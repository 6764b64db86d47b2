using System.Runtime.ConstrainedExecution;
using System.Threading;

namespace OpenLTS
{
    /// <summary>Owns the number by which the library knows a license, and gives it back exactly once.
    ///
    /// It plays the part of a SafeHandle and is none: a SafeHandle holds a pointer, which has 32 bits in a
    /// 32-bit process, while a license is a 64-bit number everywhere. Nor is its reference count needed:
    /// the library never reuses a number, so a call with that of a closed license is a clean
    /// error.</summary>
    internal sealed class LicenseHandle : CriticalFinalizerObject
    {
        private int closed;

        internal LicenseHandle(long value)
        {
            Value = value;
        }

        /// <summary>A license nobody closed. The network is not used; nothing recorded is lost.</summary>
        ~LicenseHandle()
        {
            Close(0);
        }

        internal long Value { get; }

        /// <summary>Closes the license; a second call does nothing and gives OK.</summary>
        internal StatusCode Close(int timeoutMilliseconds)
        {
            if (Interlocked.Exchange(ref closed, 1) != 0)
            {
                return StatusCode.OK;
            }
            System.GC.SuppressFinalize(this);
            return (StatusCode)NativeMethods.LTS_CloseLicense(Value, timeoutMilliseconds);
        }
    }
}
