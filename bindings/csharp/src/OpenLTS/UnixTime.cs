using System;

namespace OpenLTS
{
    /// <summary>Times of the C interface: seconds since 1970 (UTC), 0 if there is none.</summary>
    internal static class UnixTime
    {
        private static readonly long latest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

        /// <summary>Null for 0; the latest time there is for what lies beyond.</summary>
        internal static DateTimeOffset? ToDateTime(long seconds)
        {
            return seconds == 0 ? (DateTimeOffset?)null : DateTimeOffset.FromUnixTimeSeconds(Math.Min(seconds, latest));
        }
    }
}
