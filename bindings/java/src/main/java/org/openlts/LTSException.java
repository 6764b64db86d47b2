package org.openlts;

/** A call that failed. Compare {@link #getStatus()}; the message is for people. */
public final class LTSException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;

    LTSException(int status, String message) {
        super(message);
        this.status = status;
    }

    /** Throws if status is an error, with the text the library has for it. */
    static void check(int status) throws LTSException {
        if (status != StatusCode.OK) {
            throw new LTSException(status, Native.statusMessage(status));
        }
    }

    /** The status code, one of {@link StatusCode}; negative. */
    public int getStatus() {
        return status;
    }

    /** The stable name of the status code, such as "LIMIT_EXCEEDED". */
    public String getName() {
        return Native.statusName(status);
    }

    /** Name, number and message, for logs. */
    @Override
    public String toString() {
        return getClass().getName() + ": " + getName() + " (" + status + "): " + getMessage();
    }
}
