package barcodereader;

/** Who wants to know how an authorization ended. */
public interface DBRLTSLicenseVerificationListener {
    /**
     * Called once, on the main thread.
     *
     * @param isSuccess whether barcodes are decoded from now on
     * @param error why not: a {@link BarcodeReaderException}; null on success
     */
    void LTSLicenseVerificationCallback(boolean isSuccess, Exception error);
}
