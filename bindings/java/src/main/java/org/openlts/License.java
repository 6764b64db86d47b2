package org.openlts;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A license in use: the result of a successful authorization. Metering begins when it is created and
 * ends when it is closed.
 *
 * <pre>{@code
 * ConnectionParameters parameters = new ConnectionParameters();
 * parameters.mainServerURL = "https://lts.example.com";
 * parameters.handshakeCode = "100001-reader";
 * try (License license = License.fromLTS(parameters)) {
 *     license.record(OperationType.QR_CODE, 1); // for each success
 * }
 * }</pre>
 *
 * <p>Every method may be called from any thread at any time, also while another thread closes the
 * license: a call that comes too late fails with INVALID_HANDLE. A license that is never closed loses
 * nothing; what it recorded is submitted by the next start at the latest.
 */
public final class License implements AutoCloseable {
    /** How long {@link #close()} may wait for the server. */
    public static final int CLOSE_TIMEOUT_MILLISECONDS = 3000;

    // Never reused by the library, so a late call with the handle of a closed license is a clean error.
    private final long handle;
    private final AtomicBoolean closed = new AtomicBoolean();

    private License(long handle) {
        this.handle = handle;
    }

    /**
     * Asks the License Tracking Server for an authorization and begins metering. If no server can be
     * reached, the cached authorization is used while it is valid; {@link StateFlag#CACHE_USED} tells.
     * Blocks for initTimeoutMilliseconds at most.
     *
     * @throws LTSException a server's refusal (-20100 to -20199), NO_LICENSE, FAILED_TO_REACH_LTS,
     *     SERVER_KEY_MISMATCH, SERVER_RESPONSE_INVALID, INVALID_ARGUMENT, TOO_MANY (64 licenses are
     *     open), INTERNAL
     */
    public static License fromLTS(ConnectionParameters parameters) throws LTSException {
        long[] handle = new long[1];
        String[] message = new String[1];
        return opened(Native.initLicenseFromLTS(parameters, handle, message), handle, message);
    }

    /** The same with the defaults for all the key does not say. */
    public static License fromKey(String licenseKey) throws LTSException {
        return fromKey(licenseKey, null);
    }

    /**
     * The same with one string, the license key which {@code lts handshake key} prints.
     *
     * @param parameters what the key does not say; null for the defaults
     */
    public static License fromKey(String licenseKey, ConnectionParameters parameters) throws LTSException {
        long[] handle = new long[1];
        String[] message = new String[1];
        return opened(Native.initLicense(licenseKey, parameters, handle, message), handle, message);
    }

    private static License opened(int status, long[] handle, String[] message) throws LTSException {
        if (status != StatusCode.OK) {
            throw new LTSException(status, message[0]);
        }
        return new License(handle[0]);
    }

    /**
     * The number by which native code in this process knows the license: an SDK written in C may be
     * given it and call LTS_RecordOperation itself.
     */
    public long getHandle() {
        return handle;
    }

    /**
     * Records successful operations, done now. They are counted exactly once, even if the process is
     * killed in the next instant. Does not block, and costs what a native call costs.
     *
     * @param operationType one of {@link OperationType}, or from {@link #defineOperationType}
     * @param count 0 or more
     * @throws LTSException INVALID_HANDLE (closed), UNKNOWN_OPERATION_TYPE, INVALID_ARGUMENT (count is
     *     negative); nothing is counted then
     */
    public void record(int operationType, int count) throws LTSException {
        LTSException.check(Native.recordOperation(handle, operationType, count));
    }

    /**
     * Records successful operations done at a time of the past. They are durable when the method
     * returns. Blocks for a write to the data directory.
     *
     * @param time seconds since 1970 (UTC), up to 30 days back and not in the future
     * @throws LTSException as {@link #record}, and TIME_OUT_OF_RANGE, LICENSE_BUFFER_FAILED, INTERNAL
     */
    public void recordAt(int operationType, int count, long time) throws LTSException {
        LTSException.check(Native.recordOperationAt(handle, operationType, count, time));
    }

    /**
     * Defines an operation type by name, for what {@link OperationType} does not list. Blocks for a
     * write to the data directory.
     *
     * @param name 1 to 64 characters out of A-Z, 0-9 and _, starting with a letter
     * @return the number, for this license until it is closed; the same for the same name
     * @throws LTSException INVALID_ARGUMENT, INVALID_HANDLE, TOO_MANY (128 are defined), INTERNAL
     */
    public int defineOperationType(String name) throws LTSException {
        int[] operationType = new int[1];
        LTSException.check(Native.defineOperationType(handle, name, operationType));
        return operationType[0];
    }

    /**
     * Submits everything recorded so far, now. Blocks for timeoutMilliseconds at most.
     *
     * @throws LTSException REPORTS_PENDING, FAILED_TO_REACH_LTS or DEADLINE_EXCEEDED if reports are
     *     left, which are kept; INVALID_HANDLE, INTERNAL
     */
    public void submit(int timeoutMilliseconds) throws LTSException {
        LTSException.check(Native.submitReports(handle, timeoutMilliseconds));
    }

    /**
     * Waits for the next event. Up to 256 are kept, then the oldest are dropped. Blocks for
     * timeoutMilliseconds at most (0: not at all; at most 60000), and returns early when the license is
     * closed.
     *
     * @return the event, or null if there is none
     * @throws LTSException INVALID_HANDLE, INVALID_ARGUMENT, INTERNAL
     */
    public Event pollEvent(int timeoutMilliseconds) throws LTSException {
        Event event = new Event();
        int result = Native.pollEvent(handle, event, timeoutMilliseconds);
        if (result < 0) {
            LTSException.check(result);
        }
        return result == 0 ? null : event;
    }

    /**
     * What is known of the license. Reads the data directory; does not use the network.
     *
     * @throws LTSException INVALID_HANDLE, INTERNAL
     */
    public LicenseInfo getInfo() throws LTSException {
        LicenseInfo info = new LicenseInfo();
        LTSException.check(Native.getLicenseInfo(handle, info));
        return info;
    }

    /**
     * Ends metering, as {@link #close(int)} with {@link #CLOSE_TIMEOUT_MILLISECONDS}. Never throws: what
     * can't be submitted in time stays in the data directory for the next start.
     */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT_MILLISECONDS);
    }

    /**
     * Ends metering: seals what was recorded, submits it, and gives the license back. Nothing is lost
     * whatever it returns. A second call does nothing. Blocks for timeoutMilliseconds at most (0: does
     * not use the network).
     *
     * @return OK; REPORTS_PENDING or DEADLINE_EXCEEDED if reports are left for the next start; INTERNAL
     */
    public int close(int timeoutMilliseconds) {
        if (!closed.compareAndSet(false, true)) {
            return StatusCode.OK;
        }
        return Native.closeLicense(handle, timeoutMilliseconds);
    }
}
