package org.openlts;

/**
 * What needs no license: versions, the texts of status codes, the client UUID. May be called from any
 * thread. The first use of any class of this package loads the native library, and throws an {@link
 * UnsatisfiedLinkError} which says what to do if it is missing or of another version.
 */
public final class LTS {
    /** The version of the binary interface this package was written for. */
    public static final int ABI_VERSION = 1;

    /** The version of the native library, such as "0.1.0". */
    public static String version() {
        return Native.version();
    }

    /** The version of the native library's binary interface; {@link #ABI_VERSION} or newer. */
    public static int abiVersion() {
        return Native.abiVersion();
    }

    /** The stable name of a status code, such as "LIMIT_EXCEEDED"; "UNKNOWN" if there is none. */
    public static String statusName(int status) {
        return Native.statusName(status);
    }

    /** The text of a status code for people. Texts may be improved; compare the number. */
    public static String statusMessage(int status) {
        return Native.statusMessage(status);
    }

    /**
     * The client UUID the device would use with these parameters, created if there is none yet. Works
     * without any license. Blocks for a write to the data directory.
     *
     * @param parameters null for the defaults
     * @return 36 characters
     * @throws LTSException LICENSE_BUFFER_FAILED if the data directory can't be used;
     *     INVALID_ARGUMENT, INTERNAL
     */
    public static String deviceUUID(ConnectionParameters parameters) throws LTSException {
        String[] uuid = new String[1];
        LTSException.check(Native.getDeviceUUID(parameters, uuid));
        return uuid[0];
    }

    private LTS() {}
}
