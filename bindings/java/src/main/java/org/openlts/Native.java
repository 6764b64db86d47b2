package org.openlts;

/**
 * The functions of openlts.h, in the order of that header. Nothing but declarations: {@code
 * openlts_jni.c} carries each over, and {@link License}, {@link LTS} and {@link
 * ConnectionParameters} make Java of them.
 *
 * <p>An argument the C function fills is an array of one element here, or an object whose fields are
 * filled. All return the status code of the C function.
 */
final class Native {
    static {
        NativeLibrary.load();
    }

    static native String version();

    static native int abiVersion();

    static native String statusName(int status);

    static native String statusMessage(int status);

    static native int initLTSConnectionParameters(ConnectionParameters parameters);

    static native int initLicenseFromLTS(
            ConnectionParameters parameters, long[] license, String[] errorMessage);

    static native int initLicense(
            String licenseKey, ConnectionParameters parameters, long[] license, String[] errorMessage);

    static native int defineOperationType(long license, String name, int[] operationType);

    static native int recordOperation(long license, int operationType, int count);

    static native int recordOperationAt(long license, int operationType, int count, long time);

    static native int submitReports(long license, int timeoutMilliseconds);

    static native int pollEvent(long license, Event event, int timeoutMilliseconds);

    static native int getLicenseInfo(long license, LicenseInfo info);

    static native int getDeviceUUID(ConnectionParameters parameters, String[] uuid);

    static native int closeLicense(long license, int timeoutMilliseconds);

    private Native() {}
}
