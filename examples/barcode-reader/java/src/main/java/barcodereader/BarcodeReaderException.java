package barcodereader;

/** The reader could not do what it was asked. */
public final class BarcodeReaderException extends Exception {
    /** The decoder failed. */
    public static final int UNKNOWN = -10000;

    /** The file can't be opened. */
    public static final int FILE_NOT_FOUND = -10005;

    /** The file is not an image of a known kind. */
    public static final int FILETYPE_NOT_SUPPORTED = -10006;

    /** The image is damaged. */
    public static final int IMAGE_READ_FAILED = -10012;

    private static final long serialVersionUID = 1L;

    private final int errorCode;

    BarcodeReaderException(int errorCode, String message, Throwable cause) {
        super(message, cause);
        this.errorCode = errorCode;
    }

    /** One of the numbers of this class, or of {@link org.openlts.StatusCode}. */
    public int getErrorCode() {
        return errorCode;
    }
}
