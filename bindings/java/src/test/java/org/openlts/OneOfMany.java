package org.openlts;

import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * What each of the class loaders of {@link ManyClassLoaders} does: opens a license and records, and when it
 * is called, records again and closes. Arguments: server URL, handshake code, data directory.
 */
public final class OneOfMany implements Callable<Integer>, Supplier<String> {
    static final int UNITS = 5;

    private final License license;

    public OneOfMany(String url, String code, String directory) throws LTSException {
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = url;
        parameters.handshakeCode = code;
        parameters.dataDirectory = directory;
        license = License.fromLTS(parameters);
        license.record(OperationType.QR_CODE, UNITS);
    }

    /** An exception and a text, which cross between C and the classes of this loader. */
    @Override
    public String get() {
        try {
            license.record(OperationType.QR_CODE, -1);
            return "nothing";
        } catch (LTSException e) {
            return e.getName();
        }
    }

    @Override
    public Integer call() throws LTSException {
        license.record(OperationType.QR_CODE, UNITS);
        return license.close(30000);
    }
}
