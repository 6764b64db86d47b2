package barcodereader;

import com.google.zxing.BarcodeFormat;
import org.openlts.OperationType;

/** What the decoder calls a symbology, and what usage of it is counted as. */
enum Symbology {
    AZTEC(BarcodeFormat.AZTEC, OperationType.AZTEC),
    CODABAR(BarcodeFormat.CODABAR, OperationType.CODABAR),
    CODE_39(BarcodeFormat.CODE_39, OperationType.CODE_39),
    CODE_93(BarcodeFormat.CODE_93, OperationType.CODE_93),
    CODE_128(BarcodeFormat.CODE_128, OperationType.CODE_128),
    DATAMATRIX(BarcodeFormat.DATA_MATRIX, OperationType.DATAMATRIX),
    EAN_8(BarcodeFormat.EAN_8, OperationType.EAN_8),
    EAN_13(BarcodeFormat.EAN_13, OperationType.EAN_13),
    GS1_DATABAR_EXPANDED(BarcodeFormat.RSS_EXPANDED, OperationType.GS1_DATABAR_EXPANDED),
    GS1_DATABAR_OMNIDIRECTIONAL(BarcodeFormat.RSS_14, OperationType.GS1_DATABAR_OMNIDIRECTIONAL),
    ITF(BarcodeFormat.ITF, OperationType.ITF),
    MAXICODE(BarcodeFormat.MAXICODE, OperationType.MAXICODE),
    PDF417(BarcodeFormat.PDF_417, OperationType.PDF417),
    QR_CODE(BarcodeFormat.QR_CODE, OperationType.QR_CODE),
    UPC_A(BarcodeFormat.UPC_A, OperationType.UPC_A),
    UPC_E(BarcodeFormat.UPC_E, OperationType.UPC_E),
    // A later decoder may know more.
    OPERATION(null, OperationType.OPERATION);

    private final BarcodeFormat format;
    final int operationType;

    Symbology(BarcodeFormat format, int operationType) {
        this.format = format;
        this.operationType = operationType;
    }

    static Symbology of(BarcodeFormat format) {
        for (Symbology symbology : values()) {
            if (symbology.format == format) {
                return symbology;
            }
        }
        return OPERATION;
    }
}
