// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** How the client UUID is made. */
public final class UUIDGenerationMethod {
    /** random, cached in the data directory */
    public static final int RANDOM = 1;
    /** derived from the machine */
    public static final int HARDWARE = 2;

    private UUIDGenerationMethod() {}
}
