// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** Products, bits that may be combined. */
public final class Product {
    /** barcode reader */
    public static final int DBR = 1;
    /** label recognizer */
    public static final int DLR = 2;
    /** document scanning (web TWAIN) */
    public static final int DWT = 4;
    /** camera enhancer */
    public static final int DCE = 8;
    /** panorama stitching */
    public static final int DPS = 16;
    /** any product */
    public static final int ALL = 65535;

    private Product() {}
}
