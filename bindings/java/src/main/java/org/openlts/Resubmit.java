// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** When a report whose submission failed is tried again. */
public final class Resubmit {
    /** at the next initialization only (as published; see docs/compatibility.md) */
    public static final int NEXT_INIT = 0;
    /** at every interval, for processes that never restart */
    public static final int INTERVAL = 1;

    private Resubmit() {}
}
