// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** How usage is charged. Values of the original; PAGE_COUNT is ours (the original publishes none). */
public final class ChargeWay {
    /** decided by the server */
    public static final int AUTO = 0;
    /** distinct devices */
    public static final int DEVICE_COUNT = 1;
    /** barcodes scanned */
    public static final int SCAN_COUNT = 2;
    /** devices at work in one slot */
    public static final int CONCURRENT_DEVICE_COUNT = 3;
    /** pages processed */
    public static final int PAGE_COUNT = 4;
    /** application domains */
    public static final int APP_DOMAIN_COUNT = 6;
    /** devices at work in 24 hours */
    public static final int ACTIVE_DEVICE_COUNT = 8;
    /** instances */
    public static final int INSTANCE_COUNT = 9;
    /** instances at work in one slot */
    public static final int CONCURRENT_INSTANCE_COUNT = 10;

    private ChargeWay() {}
}
