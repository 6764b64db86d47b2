package barcodereader;

/** A barcode that was decoded. */
public final class TextResult {
    /** Its symbology, such as "QR_CODE"; the names are those usage is counted by. */
    public final String barcodeFormatString;

    /** Its text. */
    public final String barcodeText;

    TextResult(String barcodeFormatString, String barcodeText) {
        this.barcodeFormatString = barcodeFormatString;
        this.barcodeText = barcodeText;
    }
}
