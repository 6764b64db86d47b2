package org.openlts;

/**
 * What was known of a license when {@link License#getInfo()} was called. Times are seconds since 1970
 * (UTC), 0 if there is none.
 */
public final class LicenseInfo {
    // generated: fields
    /** The state of the license, flags combined (of {@link StateFlag}). */
    public int stateFlags;

    /**
     * Of the latest authorization: OK, or LICENSE_CACHE_USED with the reason in {@link #statusMessage}
     * (one of {@link StatusCode}).
     */
    public int statusCode;

    /** Of the license item (one of {@link ChargeWay}). */
    public int chargeWay;

    /** Length of a time slot. */
    public int slotSeconds;

    /** When the server granted the authorization (seconds since 1970 (UTC), 0 if there is none). */
    public long authorizedAt;

    /** When the license itself ends (seconds since 1970 (UTC), 0 if there is none). */
    public long validUntil;

    /** Until when it may be used without the server (seconds since 1970 (UTC), 0 if there is none). */
    public long bufferUntil;

    /** Units the license item allows; -1: not limited. */
    public long quotaLimit;

    /** As last heard from the server. */
    public long quotaUsed;

    /**
     * The modules that may be used: the license item permits them, and they were asked for (bit n is
     * {@link LicenseModule} n).
     */
    public long modules;

    /**
     * Units recorded on this device by all that share the data directory; always: recorded = accepted +
     * pending + lost.
     */
    public long recorded;

    /** Accepted by the server, with a verified receipt. */
    public long accepted;

    /** Kept here, not accepted yet. */
    public long pending;

    /** Lost and declared: the sum of the following. */
    public long lost;

    /** Not submitted within 30 days. */
    public long lostExpired;

    /** Refused by the server. */
    public long lostRefused;

    /** Lost with a damaged or deleted ledger. */
    public long lostStorage;

    /** The client UUID. */
    public String deviceUUID;

    /** The id of this opening of the license, as the server knows it. */
    public String runUUID;

    /** The handshake code in use. */
    public String handshakeCode;

    /** The organization it belongs to. */
    public String organizationID;

    /** The license item that usage counts on. */
    public String itemID;

    /** Belongs to {@link #statusCode}. */
    public String statusMessage;
    // generated: end

    LicenseInfo() {}

    /** Whether a flag of {@link StateFlag} is set. */
    public boolean hasState(int flag) {
        return (stateFlags & flag) != 0;
    }

    /** Whether the license permits a {@link LicenseModule}. */
    public boolean permits(int module) {
        return (modules >>> module & 1) != 0;
    }
}
