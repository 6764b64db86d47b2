using System;

namespace OpenLTS
{
    /// <summary>What was known of a license when <see cref="License.GetInfo"/> was called. Times are null if
    /// there is none.</summary>
    public sealed class LicenseInfo
    {
        internal LicenseInfo(NativeMethods.LTS_LicenseInfo native)
        {
            StateFlags = (StateFlag)native.stateFlags;
            StatusCode = (StatusCode)native.statusCode;
            StatusMessage = NativeText.Read(native.statusMessage);
            ChargeWay = (ChargeWay)native.chargeWay;
            SlotSeconds = native.slotSeconds;
            AuthorizedAt = UnixTime.ToDateTime(native.authorizedAt);
            ValidUntil = UnixTime.ToDateTime(native.validUntil);
            BufferUntil = UnixTime.ToDateTime(native.bufferUntil);
            QuotaLimit = native.quotaLimit;
            QuotaUsed = native.quotaUsed;
            Modules = native.modules;
            Recorded = native.recorded;
            Accepted = native.accepted;
            Pending = native.pending;
            Lost = native.lost;
            LostExpired = native.lostExpired;
            LostRefused = native.lostRefused;
            LostStorage = native.lostStorage;
            DeviceUUID = NativeText.Read(native.deviceUUID);
            RunUUID = NativeText.Read(native.runUUID);
            HandshakeCode = NativeText.Read(native.handshakeCode);
            OrganizationID = NativeText.Read(native.organizationID);
            ItemID = NativeText.Read(native.itemID);
        }

        /// <summary>The state of the license; flags may be combined.</summary>
        public StateFlag StateFlags { get; }

        /// <summary>Of the latest authorization: OK, or LicenseCacheUsed with the reason in
        /// <see cref="StatusMessage"/>.</summary>
        public StatusCode StatusCode { get; }

        /// <summary>Belongs to <see cref="StatusCode"/>.</summary>
        public string StatusMessage { get; }

        /// <summary>Of the license item.</summary>
        public ChargeWay ChargeWay { get; }

        /// <summary>Length of a time slot.</summary>
        public int SlotSeconds { get; }

        /// <summary>When the server granted the authorization.</summary>
        public DateTimeOffset? AuthorizedAt { get; }

        /// <summary>When the license itself ends.</summary>
        public DateTimeOffset? ValidUntil { get; }

        /// <summary>Until when it may be used without the server.</summary>
        public DateTimeOffset? BufferUntil { get; }

        /// <summary>-1: not limited.</summary>
        public long QuotaLimit { get; }

        /// <summary>As last heard from the server.</summary>
        public long QuotaUsed { get; }

        /// <summary>Bit n: LicenseModule n is permitted; see <see cref="Permits"/>.</summary>
        public ulong Modules { get; }

        /// <summary>Operations recorded on this device, over all that keep them in the same data directory.
        /// Always: Recorded = Accepted + Pending + Lost.</summary>
        public long Recorded { get; }

        /// <summary>Accepted by the server, with a verified receipt.</summary>
        public long Accepted { get; }

        /// <summary>Kept here, not accepted yet.</summary>
        public long Pending { get; }

        /// <summary>Lost and declared: the sum of the following.</summary>
        public long Lost { get; }

        /// <summary>Not submitted within 30 days.</summary>
        public long LostExpired { get; }

        /// <summary>Refused by the server.</summary>
        public long LostRefused { get; }

        /// <summary>The ledger was damaged.</summary>
        public long LostStorage { get; }

        /// <summary>The client UUID.</summary>
        public string DeviceUUID { get; }

        /// <summary>Of this start of the process.</summary>
        public string RunUUID { get; }

        /// <summary>The handshake code in use.</summary>
        public string HandshakeCode { get; }

        /// <summary>The organization it belongs to.</summary>
        public string OrganizationID { get; }

        /// <summary>The license item usage is counted against.</summary>
        public string ItemID { get; }

        /// <summary>Whether the license permits a module.</summary>
        public bool Permits(LicenseModule module)
        {
            return (Modules >> (int)module & 1) != 0;
        }
    }
}
