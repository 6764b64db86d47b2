// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** State of a license, bits that may be combined. None of them is an error. */
public final class StateFlag {
    /** no server could be reached; the cached authorization is in use */
    public static final int CACHE_USED = 1;
    /** a trial license */
    public static final int TRIAL = 2;
    /** the quota is used up, the tolerance is not */
    public static final int QUOTA_IN_TOLERANCE = 4;
    /** quota and tolerance are used up; the next authorization will be refused */
    public static final int QUOTA_EXHAUSTED = 8;
    /** the license has expired, within its 7 days of tolerance */
    public static final int EXPIRED_IN_TOLERANCE = 16;
    /** the data directory can't be used; usage is kept in memory and is lost if the process dies */
    public static final int STORAGE_DEGRADED = 32;
    /** the ledger or the counters were damaged, missing or an older copy; see the events */
    public static final int STORAGE_RECOVERED = 64;
    /** the standby server answered */
    public static final int STANDBY_USED = 128;
    /** the last submission failed; reports are kept */
    public static final int REPORTS_PENDING = 256;
    /** some usage was lost and declared: see the counts by cause */
    public static final int USAGE_LOST = 512;
    /** the clock went back, was set while in use, or is an hour off the server's */
    public static final int CLOCK_ANOMALY = 1024;
    /** the authorization ran out or was refused while in use; the next start will fail */
    public static final int AUTHORIZATION_LAPSED = 2048;

    private StateFlag() {}
}
