package org.openlts;

/**
 * Loads the native library, which the AAR brings: Android's package manager puts it beside the app for
 * the device's kind of processor, and the JNI shim names it.
 */
final class NativeLibrary {
    /** Loads both, or throws an {@link UnsatisfiedLinkError} which says what to do. */
    static void load() {
        try {
            System.loadLibrary("openlts_jni");
        } catch (UnsatisfiedLinkError e) {
            throw new UnsatisfiedLinkError(
                    "The OpenLTS library is not in this app, or not for this device's processor: the AAR of"
                            + " OpenLTS holds it under jni/; see that no abiFilters or packagingOptions leave it out. ("
                            + e.getMessage() + ")");
        }
        // JNI_OnLoad has compared the shim with the library; this compares them with the classes.
        if (Native.abiVersion() < LTS.ABI_VERSION) {
            throw new UnsatisfiedLinkError(
                    "The OpenLTS library has version " + Native.abiVersion() + " of the interface, these classes need"
                            + " version " + LTS.ABI_VERSION + ". Take both from one AAR.");
        }
    }

    private NativeLibrary() {}
}
