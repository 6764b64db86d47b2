// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** Modules of a barcode reader that a license may be limited to. */
public final class LicenseModule {
    /** 1D barcodes */
    public static final int ONED = 1;
    /** QR Code */
    public static final int QR_CODE = 2;
    /** PDF417 */
    public static final int PDF417 = 3;
    /** Data Matrix */
    public static final int DATAMATRIX = 4;
    /** Aztec */
    public static final int AZTEC = 5;
    /** MaxiCode */
    public static final int MAXICODE = 6;
    /** Patch Code */
    public static final int PATCHCODE = 7;
    /** GS1 DataBar */
    public static final int GS1_DATABAR = 8;
    /** GS1 Composite */
    public static final int GS1_COMPOSITE = 9;
    /** postal codes */
    public static final int POSTALCODE = 10;
    /** DotCode */
    public static final int DOTCODE = 11;
    /** intermediate results */
    public static final int INTERMEDIATE_RESULT = 12;
    /** direct part marking */
    public static final int DPM = 13;
    /** non-standard barcodes */
    public static final int NONSTANDARD_BARCODE = 16;

    private LicenseModule() {}
}
