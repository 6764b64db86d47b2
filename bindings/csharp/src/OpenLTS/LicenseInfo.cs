using System;

namespace OpenLTS
{
    /// <summary>What was known of a license when <see cref="License.GetInfo"/> was called. Times are null if
    /// there is none.</summary>
    public sealed class LicenseInfo
    {
        internal LicenseInfo(NativeMethods.LTS_LicenseInfo native)
        {
            // generated: conversion
            StateFlags = (StateFlag)native.stateFlags;
            StatusCode = (StatusCode)native.statusCode;
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
            StatusMessage = NativeText.Read(native.statusMessage);
            // generated: end
        }

        // generated: properties
        /// <summary>The state of the license, flags combined.</summary>
        public StateFlag StateFlags { get; }

        /// <summary>Of the latest authorization: OK, or LICENSE_CACHE_USED with the reason in
        /// <see cref="StatusMessage"/>.</summary>
        public StatusCode StatusCode { get; }

        /// <summary>Of the license item.</summary>
        public ChargeWay ChargeWay { get; }

        /// <summary>Length of a time slot.</summary>
        public int SlotSeconds { get; }

        /// <summary>When the server granted the authorization (null if there is none).</summary>
        public DateTimeOffset? AuthorizedAt { get; }

        /// <summary>When the license itself ends (null if there is none).</summary>
        public DateTimeOffset? ValidUntil { get; }

        /// <summary>Until when it may be used without the server (null if there is none).</summary>
        public DateTimeOffset? BufferUntil { get; }

        /// <summary>Units the license item allows; -1: not limited.</summary>
        public long QuotaLimit { get; }

        /// <summary>As last heard from the server.</summary>
        public long QuotaUsed { get; }

        /// <summary>The modules that may be used: the license item permits them, and they were asked for (bit n is
        /// LicenseModule n).</summary>
        public ulong Modules { get; }

        /// <summary>Units recorded on this device by all that share the data directory; always: recorded = accepted +
        /// pending + lost.</summary>
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

        /// <summary>Lost with a damaged or deleted ledger.</summary>
        public long LostStorage { get; }

        /// <summary>The client UUID.</summary>
        public string DeviceUUID { get; }

        /// <summary>The id of this opening of the license, as the server knows it.</summary>
        public string RunUUID { get; }

        /// <summary>The handshake code in use.</summary>
        public string HandshakeCode { get; }

        /// <summary>The organization it belongs to.</summary>
        public string OrganizationID { get; }

        /// <summary>The license item that usage counts on.</summary>
        public string ItemID { get; }

        /// <summary>Belongs to <see cref="StatusCode"/>.</summary>
        public string StatusMessage { get; }
        // generated: end

        /// <summary>Whether the license permits a module.</summary>
        public bool Permits(LicenseModule module)
        {
            return (Modules >> (int)module & 1) != 0;
        }
    }
}
