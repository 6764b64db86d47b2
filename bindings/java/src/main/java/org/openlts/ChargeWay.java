// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** How usage is charged. PAGE_COUNT, and the values from 101 on, are ours: the vendor publishes none for them. */
public final class ChargeWay {
    /** decided by the server */
    public static final int AUTO = 0;
    /** distinct devices */
    public static final int DEVICE_COUNT = 1;
    /** barcodes scanned */
    public static final int SCAN_COUNT = 2;
    /** devices active in one slot */
    public static final int CONCURRENT_DEVICE_COUNT = 3;
    /** pages processed */
    public static final int PAGE_COUNT = 4;
    /** domains of applications */
    public static final int APP_DOMAIN_COUNT = 6;
    /** devices active in 24 hours */
    public static final int ACTIVE_DEVICE_COUNT = 8;
    /** instances */
    public static final int INSTANCE_COUNT = 9;
    /** instances active in one slot */
    public static final int CONCURRENT_INSTANCE_COUNT = 10;
    /** devices active in a day, until the item's end */
    public static final int DAILY_ACTIVE_DEVICE_COUNT = 101;
    /** devices active in 30 days */
    public static final int MONTHLY_ACTIVE_DEVICE_COUNT = 102;
    /** devices active in 90 days */
    public static final int QUARTERLY_ACTIVE_DEVICE_COUNT = 103;
    /** devices active in 365 days */
    public static final int YEARLY_ACTIVE_DEVICE_COUNT = 104;

    private ChargeWay() {}
}
