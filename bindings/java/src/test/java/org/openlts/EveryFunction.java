package org.openlts;

/**
 * Calls every native function, with success and with failure, for the JVM to check. Arguments: server
 * URL, handshake code, data directory.
 */
final class EveryFunction {
    public static void main(String[] arguments) throws Exception {
        System.out.println(LTS.version() + " " + LTS.abiVersion() + " " + LTS.statusMessage(0));
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = arguments[0];
        parameters.handshakeCode = arguments[1];
        parameters.dataDirectory = arguments[2];
        parameters.limitedLicenseModules = new int[] {LicenseModule.QR_CODE};
        System.out.println(LTS.deviceUUID(parameters));
        try (License license = License.fromLTS(parameters)) {
            license.record(OperationType.QR_CODE, 1);
            license.record(license.defineOperationType("MRZ"), 1);
            license.recordAt(OperationType.QR_CODE, 1, System.currentTimeMillis() / 1000 - 60);
            license.submit(10000);
            System.out.println(license.pollEvent(10000).message);
            System.out.println(license.getInfo().itemID);
        }
        parameters.handshakeCode = "100001-nobody";
        for (String key : new String[] {"no key", "\0", null}) {
            try {
                License.fromKey(key, parameters).close();
            } catch (LTSException e) {
                System.out.println(e);
            }
        }
        System.out.println("done");
    }

    private EveryFunction() {}
}
