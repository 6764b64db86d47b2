// Generated from conformance/definitions.json by build/generate. Do not edit.

package org.openlts;

/** Where the SDK runs. Values of the vendor; BROWSER and MOBILE are ours (the vendor publishes none). */
public final class DeploymentType {
    /** server or workstation */
    public static final int SERVER = 1;
    /** desktop */
    public static final int DESKTOP = 2;
    /** browser */
    public static final int BROWSER = 3;
    /** iOS or Android */
    public static final int MOBILE = 4;
    /** embedded device */
    public static final int EMBEDDED_DEVICE = 6;
    /** OEM */
    public static final int OEM = 7;

    private DeploymentType() {}
}
