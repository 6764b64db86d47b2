package org.openlts;

/**
 * A process that records and never closes its license: the test kills it. Arguments: server URL,
 * handshake code, data directory, number of operations.
 */
final class RecordUntilKilled {
    public static void main(String[] arguments) throws Exception {
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = arguments[0];
        parameters.handshakeCode = arguments[1];
        parameters.dataDirectory = arguments[2];
        License license = License.fromLTS(parameters);
        for (int i = 0; i < Integer.parseInt(arguments[3]); i++) {
            license.record(OperationType.QR_CODE, 1);
        }
        System.out.println("recorded");
        Thread.sleep(Long.MAX_VALUE);
    }

    private RecordUntilKilled() {}
}
