package org.openlts;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * A real {@code lts serve} on a free port, with the fixture {@code standard} of
 * conformance/scenarios.json. Also for the tests of SDKs built on this binding.
 */
public final class LicenseTrackingServer implements AutoCloseable {
    public static final String ORGANIZATION = "100001";
    public static final String READER = "100001-reader";
    public static final String LOCKED = "100001-locked";
    public static final String PASSWORD = "s3cret";

    private static final long PATIENCE_SECONDS = 30;

    private final Path directory;
    private Process process;
    private String url;

    /**
     * @param directory where the server keeps its state
     */
    public LicenseTrackingServer(Path directory) throws Exception {
        this.directory = directory;
        administrate("org", "add", "Example", "--id", ORGANIZATION);
        administrate("handshake", "add", "reader", "--org", ORGANIZATION, "--default");
        administrate("handshake", "add", "locked", "--org", ORGANIZATION, "--session-password", PASSWORD);
        addScanItem("scans", READER);
        addScanItem("locked-scans", LOCKED);
        start();
    }

    private void addScanItem(String name, String code) throws Exception {
        administrate("item", "add", name, "--id", name, "--org", ORGANIZATION, "--charge-way", "scan", "--quota",
                "1000000", "--handshake", code);
    }

    /** Where it answers; stays the same over stop and start. */
    public String url() {
        return url;
    }

    /** An address where nothing listens. */
    static String deadURL() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "http://127.0.0.1:" + socket.getLocalPort();
        }
    }

    public void start() throws Exception {
        Path urlFile = directory.resolve("url");
        Path log = directory.resolve("log");
        Files.deleteIfExists(urlFile);
        String listen = url == null ? "127.0.0.1:0" : URI.create(url).getAuthority();
        process = command("serve", "--listen", listen, "--url-file", urlFile.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        waitFor(() -> Files.exists(urlFile) || !process.isAlive(), "the server to listen");
        if (!process.isAlive()) {
            throw new IllegalStateException("lts serve ended at once:\n" + read(log));
        }
        url = read(urlFile).trim();
    }

    public void stop() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
            process = null;
        }
    }

    @Override
    public void close() {
        try {
            stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs an administration command on the server's data directory; returns what it prints. */
    String administrate(String... arguments) throws Exception {
        Path errors = Files.createTempFile(directory, "errors", null);
        Process command = command(arguments).redirectError(errors.toFile()).start();
        String output = read(command.getInputStream());
        if (command.waitFor() != 0) {
            throw new IllegalStateException("lts " + String.join(" ", arguments) + ": " + read(errors));
        }
        Files.delete(errors);
        return output.trim();
    }

    /** The license key for a code, one string. */
    String key(String code) throws Exception {
        return administrate("handshake", "key", code, "--server", url);
    }

    /** What the server counted, by the values of the columns joined by spaces. */
    public Map<String, Long> stats(String... columns) throws Exception {
        String output = administrate("stats", "--json", "--by", String.join(",", columns));
        Map<String, Long> counts = new TreeMap<>();
        for (JsonElement element : JsonParser.parseString(output).getAsJsonObject().getAsJsonArray("rows")) {
            JsonObject row = element.getAsJsonObject();
            List<String> key = new ArrayList<>();
            for (String column : columns) {
                key.add(row.get(column).getAsString());
            }
            counts.put(String.join(" ", key), row.get("count").getAsLong());
        }
        return counts;
    }

    /** How many devices the server knows. */
    public int devices() throws Exception {
        return JsonParser.parseString(administrate("device", "list", "--json")).getAsJsonArray().size();
    }

    public long total() throws Exception {
        return JsonParser.parseString(administrate("stats", "--json")).getAsJsonObject().get("total").getAsLong();
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

    private ProcessBuilder command(String... arguments) {
        List<String> line = new ArrayList<>();
        line.add(Repository.COMMAND.toString());
        line.addAll(Arrays.asList(arguments));
        line.add("--data");
        line.add(directory.resolve("state").toString());
        return new ProcessBuilder(line);
    }
}
