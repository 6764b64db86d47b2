package org.openlts;

import java.io.File;

/**
 * What recording costs in Java, compared with an empty native method. In this package because the
 * binding's native methods are not public. Run by build/bench; prints JSON for bench/record/run.py.
 *
 * <p>usage: RecordBenchmark URL HANDSHAKE-CODE DIRECTORY ROUNDS CALLS EMPTY-LIBRARY
 */
public final class RecordBenchmark {
    private interface Loop {
        void run(long calls) throws LTSException;
    }

    private static final class Case {
        final String name;
        final String description;
        final String baseline;
        final Loop loop;
        final StringBuilder rounds = new StringBuilder();

        Case(String name, String description, String baseline, Loop loop) {
            this.name = name;
            this.description = description;
            this.baseline = baseline;
            this.loop = loop;
        }
    }

    private static native int empty(long license, int operationType, int count);

    public static void main(String[] args) throws LTSException {
        System.load(new File(args[5]).getAbsolutePath());
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = args[0];
        parameters.handshakeCode = args[1];
        parameters.dataDirectory = new File(args[2], "java").getPath();
        int rounds = Integer.parseInt(args[3]);
        long calls = Long.parseLong(args[4]);

        try (License license = License.fromLTS(parameters)) {
            long handle = license.getHandle();
            Case[] cases = {
                new Case("empty_native", "an empty native method (JNI)", null, times -> {
                    for (long i = 0; i < times; i++) {
                        empty(handle, OperationType.QR_CODE, 1);
                    }
                }),
                new Case("jni", "LTS_RecordOperation by JNI", "empty_native", times -> {
                    for (long i = 0; i < times; i++) {
                        Native.recordOperation(handle, OperationType.QR_CODE, 1);
                    }
                }),
                new Case("record", "License.record", "empty_native", times -> {
                    for (long i = 0; i < times; i++) {
                        license.record(OperationType.QR_CODE, 1);
                    }
                }),
            };
            for (int warmUp = 0; warmUp < 5; warmUp++) {
                for (Case each : cases) {
                    each.loop.run(calls);
                }
            }
            for (int round = 0; round < rounds; round++) {
                for (Case each : cases) {
                    long start = System.nanoTime();
                    each.loop.run(calls);
                    double nanoseconds = (System.nanoTime() - start) / (double) calls;
                    each.rounds.append(each.rounds.length() == 0 ? "" : ",").append(nanoseconds);
                }
            }
            print(cases);
        }
    }

    private static void print(Case[] cases) {
        StringBuilder json = new StringBuilder();
        for (Case each : cases) {
            json.append(json.length() == 0 ? "" : ",")
                    .append("{\"name\":\"").append(each.name)
                    .append("\",\"description\":\"").append(each.description)
                    .append("\",\"baseline\":")
                    .append(each.baseline == null ? "null" : "\"" + each.baseline + "\"")
                    .append(",\"rounds\":[").append(each.rounds).append("]}");
        }
        System.out.println("{\"language\":\"Java " + System.getProperty("java.version") + "\",\"cases\":[" + json + "]}");
    }

    private RecordBenchmark() {}
}
