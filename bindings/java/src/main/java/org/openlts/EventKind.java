// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** The kinds of events. */
public final class EventKind {
    /** reports were accepted by the server */
    public static final int SUBMITTED = 1;
    /** reports could not be submitted and are kept */
    public static final int SUBMIT_FAILED = 2;
    /** the server refused a report; its units are declared lost */
    public static final int REPORT_REFUSED = 3;
    /** reports older than 30 days were purged; their units are declared lost */
    public static final int REPORTS_PURGED = 4;
    /** the state flags changed */
    public static final int STATE_CHANGED = 5;
    /** the library failed internally; the host is not affected */
    public static final int INTERNAL_ERROR = 6;

    private EventKind() {}
}
