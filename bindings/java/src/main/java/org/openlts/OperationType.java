// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** Operations that are counted: symbologies of a barcode reader, import types of a page product. 128 to 255 are defined by the host, by name. */
public final class OperationType {
    /** an operation of no particular type */
    public static final int OPERATION = 0;
    /** CODE_39 */
    public static final int CODE_39 = 1;
    /** CODE_128 */
    public static final int CODE_128 = 2;
    /** CODE_93 */
    public static final int CODE_93 = 3;
    /** CODABAR */
    public static final int CODABAR = 4;
    /** ITF */
    public static final int ITF = 5;
    /** EAN_13 */
    public static final int EAN_13 = 6;
    /** EAN_8 */
    public static final int EAN_8 = 7;
    /** UPC_A */
    public static final int UPC_A = 8;
    /** UPC_E */
    public static final int UPC_E = 9;
    /** INDUSTRIAL_25 */
    public static final int INDUSTRIAL_25 = 10;
    /** CODE_39_EXTENDED */
    public static final int CODE_39_EXTENDED = 11;
    /** MSI_CODE */
    public static final int MSI_CODE = 12;
    /** CODE_11 */
    public static final int CODE_11 = 13;
    /** PHARMACODE */
    public static final int PHARMACODE = 14;
    /** PATCHCODE */
    public static final int PATCHCODE = 15;
    /** QR_CODE */
    public static final int QR_CODE = 16;
    /** MICRO_QR */
    public static final int MICRO_QR = 17;
    /** RMQR_CODE */
    public static final int RMQR_CODE = 18;
    /** PDF417 */
    public static final int PDF417 = 19;
    /** MICRO_PDF417 */
    public static final int MICRO_PDF417 = 20;
    /** DATAMATRIX */
    public static final int DATAMATRIX = 21;
    /** AZTEC */
    public static final int AZTEC = 22;
    /** MAXICODE */
    public static final int MAXICODE = 23;
    /** DOTCODE */
    public static final int DOTCODE = 24;
    /** GS1_COMPOSITE */
    public static final int GS1_COMPOSITE = 25;
    /** GS1_DATABAR_OMNIDIRECTIONAL */
    public static final int GS1_DATABAR_OMNIDIRECTIONAL = 26;
    /** GS1_DATABAR_TRUNCATED */
    public static final int GS1_DATABAR_TRUNCATED = 27;
    /** GS1_DATABAR_STACKED */
    public static final int GS1_DATABAR_STACKED = 28;
    /** GS1_DATABAR_STACKED_OMNIDIRECTIONAL */
    public static final int GS1_DATABAR_STACKED_OMNIDIRECTIONAL = 29;
    /** GS1_DATABAR_EXPANDED */
    public static final int GS1_DATABAR_EXPANDED = 30;
    /** GS1_DATABAR_EXPANDED_STACKED */
    public static final int GS1_DATABAR_EXPANDED_STACKED = 31;
    /** GS1_DATABAR_LIMITED */
    public static final int GS1_DATABAR_LIMITED = 32;
    /** USPS_INTELLIGENT_MAIL */
    public static final int USPS_INTELLIGENT_MAIL = 33;
    /** POSTNET */
    public static final int POSTNET = 34;
    /** PLANET */
    public static final int PLANET = 35;
    /** AUSTRALIAN_POST */
    public static final int AUSTRALIAN_POST = 36;
    /** RM4SCC */
    public static final int RM4SCC = 37;
    /** KIX */
    public static final int KIX = 38;
    /** NONSTANDARD_BARCODE */
    public static final int NONSTANDARD_BARCODE = 39;
    /** DX_FILM_EDGE */
    public static final int DX_FILM_EDGE = 40;
    /** a page acquired from a scanner */
    public static final int PAGE_SCANNED = 64;
    /** a frame captured from a camera */
    public static final int PAGE_CAPTURED = 65;
    /** a page loaded from a file */
    public static final int PAGE_LOADED = 66;
    /** a page rasterized */
    public static final int PAGE_RASTERIZED = 67;
    /** a page recognized (OCR) */
    public static final int PAGE_RECOGNIZED = 68;

    private OperationType() {}
}
