package org.openlts;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * A server of the testbed, with the fixture {@code standard} of conformance/scenarios.json.
 * Also for the tests of SDKs built on this binding.
 */
public final class LicenseTrackingServer implements AutoCloseable {
    public static final String ORGANIZATION = "100001";
    public static final String READER = "100001-reader";
    public static final String LOCKED = "100001-locked";
    public static final String PASSWORD = "s3cret";

    private static final long PATIENCE_SECONDS = 30;

    private final int number = Testbed.ask(Testbed.request("make")).getAsInt();
    private String url;

    /** Makes and starts it. */
    public LicenseTrackingServer() throws IOException {
        start();
    }

    private JsonObject request(String what) {
        JsonObject request = Testbed.request(what);
        request.addProperty("server", number);
        return request;
    }

    /** Where it answers; stays the same over stop and start. */
    public String url() {
        return url;
    }

    /** An address where nothing listens. */
    static String deadURL() throws IOException {
        return Testbed.ask(Testbed.request("unreachable")).getAsString();
    }

    public void start() throws IOException {
        url = Testbed.ask(request("start")).getAsString();
    }

    public void stop() throws IOException {
        Testbed.ask(request("stop"));
    }

    @Override
    public void close() throws IOException {
        Testbed.ask(request("remove"));
    }

    /** Runs an administration command; returns what it prints. */
    String administrate(String... arguments) throws IOException {
        JsonArray all = new JsonArray();
        for (String argument : arguments) {
            all.add(argument);
        }
        JsonObject request = request("run");
        request.add("arguments", all);
        return Testbed.ask(request).getAsString().trim();
    }

    /** The license key for a code, one string. */
    String key(String code) throws IOException {
        return administrate("handshake", "key", code, "--server", url);
    }

    /** What the server counted, by the values of the columns joined by spaces. */
    public Map<String, Long> stats(String... columns) throws IOException {
        JsonObject request = request("counts");
        request.addProperty("by", String.join(",", columns));
        Map<String, Long> counts = new TreeMap<>();
        for (Map.Entry<String, JsonElement> count : Testbed.ask(request).getAsJsonObject().entrySet()) {
            counts.put(count.getKey(), count.getValue().getAsLong());
        }
        return counts;
    }

    /** How many devices the server knows. */
    public int devices() throws IOException {
        return JsonParser.parseString(administrate("device", "list", "--json")).getAsJsonArray().size();
    }

    public long total() throws IOException {
        return Testbed.ask(request("total")).getAsLong();
    }

    static void waitFor(Callable<Boolean> condition, String what) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("waited in vain for " + what);
            }
            Thread.sleep(10);
        }
    }

    static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    static String read(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            out.write(buffer, 0, n);
        }
        return new String(out.toByteArray(), StandardCharsets.UTF_8);
    }
}
