package org.openlts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The scenarios of conformance/scenarios.json, each under its id, against a real server. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ScenariosTest {
    /** Milliseconds, for what is done at once on a working machine. */
    private static final int PATIENCE = 10000;

    @TempDir Path directory;
    private LicenseTrackingServer server;

    @BeforeEach
    void begin() throws Exception {
        server = new LicenseTrackingServer();
    }

    @AfterEach
    void end() throws Exception {
        server.close();
    }

    private ConnectionParameters parameters(String code) {
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = server.url();
        parameters.handshakeCode = code;
        parameters.dataDirectory = directory.toString();
        return parameters;
    }

    private License open() throws LTSException {
        return License.fromLTS(parameters(LicenseTrackingServer.READER));
    }

    private static int statusOf(Executable call) {
        return assertThrows(LTSException.class, call).getStatus();
    }

    private static Event waitForEvent(License license, int kind) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE);
        while (System.nanoTime() < deadline) {
            Event event = license.pollEvent(1000);
            if (event != null && event.kind == kind) {
                return event;
            }
        }
        throw new IllegalStateException("no event " + kind);
    }

    private static void checkInvariant(LicenseInfo info, long recorded) {
        assertEquals(recorded, info.recorded);
        assertEquals(info.recorded, info.accepted + info.pending + info.lost);
        assertEquals(info.lost, info.lostExpired + info.lostRefused + info.lostStorage);
    }

    private Map<String, Long> stats() throws Exception {
        return server.stats("handshake", "item", "type");
    }

    @Test
    void version() {
        assertEquals(LTS.ABI_VERSION, LTS.abiVersion());
        assertFalse(LTS.version().isEmpty());
    }

    @Test
    void status_texts() throws Exception {
        JsonObject definitions =
                JsonParser.parseString(LicenseTrackingServer.read(Repository.DEFINITIONS)).getAsJsonObject();
        for (JsonElement element : definitions.getAsJsonArray("statusCodes")) {
            JsonObject definition = element.getAsJsonObject();
            String name = definition.get("name").getAsString();
            int status = definition.get("value").getAsInt();
            assertEquals(status, StatusCode.class.getField(name).getInt(null));
            assertEquals(name, LTS.statusName(status));
            assertEquals(definition.get("message").getAsString(), LTS.statusMessage(status));
        }
        assertEquals("UNKNOWN", LTS.statusName(-1));
    }

    @Test
    void defaults() {
        ConnectionParameters fresh = new ConnectionParameters();
        assertEquals(7, fresh.maxBufferDays);
        assertEquals(DeploymentType.DESKTOP, fresh.deploymentType);
        assertEquals(ChargeWay.AUTO, fresh.chargeWay);
        assertEquals(UUIDGenerationMethod.RANDOM, fresh.uuidGenerationMethod);
        assertEquals(1, fresh.maxConcurrentInstanceCount);
        assertEquals(Product.ALL, fresh.products);
        assertEquals(Resubmit.NEXT_INIT, fresh.resubmit);
        assertEquals(180, fresh.slotSeconds);
        assertEquals(12000, fresh.initTimeoutMilliseconds);
        assertEquals(5000, fresh.requestTimeoutMilliseconds);
        assertNull(fresh.mainServerURL);
        assertNull(fresh.limitedLicenseModules);
    }

    @Test
    void authorize_by_code() throws Exception {
        try (License license = open()) {
            LicenseInfo info = license.getInfo();
            assertEquals(StatusCode.OK, info.statusCode);
            assertEquals(LicenseTrackingServer.READER, info.handshakeCode);
            assertEquals(LicenseTrackingServer.ORGANIZATION, info.organizationID);
            assertEquals("scans", info.itemID);
            assertEquals(ChargeWay.SCAN_COUNT, info.chargeWay);
            assertEquals(1000000, info.quotaLimit);
            assertEquals(0, info.stateFlags);
            assertFalse(info.hasState(StateFlag.CACHE_USED));
            assertEquals(180, info.slotSeconds);
            assertTrue(info.permits(LicenseModule.QR_CODE));
            assertTrue(info.authorizedAt < info.bufferUntil);
            assertTrue(info.bufferUntil < info.validUntil);
            assertEquals(36, info.runUUID.length());
        }
    }

    @Test
    void authorize_by_organization() throws Exception {
        ConnectionParameters parameters = parameters(null);
        parameters.organizationID = LicenseTrackingServer.ORGANIZATION;
        try (License license = License.fromLTS(parameters)) {
            assertEquals(LicenseTrackingServer.READER, license.getInfo().handshakeCode);
        }
    }

    @Test
    void authorize_by_license_key() throws Exception {
        ConnectionParameters rest = new ConnectionParameters();
        rest.dataDirectory = directory.toString();
        try (License license = License.fromKey(server.key(LicenseTrackingServer.READER), rest)) {
            assertEquals(LicenseTrackingServer.READER, license.getInfo().handshakeCode);
        }
    }

    @Test
    void refuse_unknown_code() {
        LTSException refusal = assertThrows(LTSException.class, () -> License.fromLTS(parameters("100001-nobody")));
        assertEquals(StatusCode.HANDSHAKE_CODE_NOT_FOUND, refusal.getStatus());
        assertEquals("HANDSHAKE_CODE_NOT_FOUND", refusal.getName());
        assertTrue(
                refusal.getMessage().contains(
                        "The handshake code you are using does not exist on the License Tracking Server."),
                refusal.getMessage());
    }

    @Test
    void refuse_session_password() throws Exception {
        ConnectionParameters parameters = parameters(LicenseTrackingServer.LOCKED);
        parameters.sessionPassword = "wrong";
        assertEquals(StatusCode.SESSION_PASSWORD_INCORRECT, statusOf(() -> License.fromLTS(parameters)));
        parameters.sessionPassword = LicenseTrackingServer.PASSWORD;
        try (License license = License.fromLTS(parameters)) {
            assertEquals("locked-scans", license.getInfo().itemID);
        }
    }

    @Test
    void refuse_charge_way() {
        ConnectionParameters parameters = parameters(LicenseTrackingServer.READER);
        parameters.chargeWay = ChargeWay.DEVICE_COUNT;
        LTSException refusal = assertThrows(LTSException.class, () -> License.fromLTS(parameters));
        assertEquals(StatusCode.CHARGE_WAY_MISMATCH, refusal.getStatus());
        assertTrue(refusal.getMessage().contains("ChargeWay for licenseItem is not matched."), refusal.getMessage());
    }

    @Test
    void no_server() throws Exception {
        ConnectionParameters parameters = parameters(LicenseTrackingServer.READER);
        parameters.mainServerURL = LicenseTrackingServer.deadURL();
        LTSException failure = assertThrows(LTSException.class, () -> License.fromLTS(parameters));
        assertEquals(StatusCode.FAILED_TO_REACH_LTS, failure.getStatus());
        String address = URI.create(parameters.mainServerURL).getAuthority();
        assertTrue(failure.getMessage().contains(address), failure.getMessage());
    }

    @Test
    void no_code() {
        assertEquals(StatusCode.NO_LICENSE, statusOf(() -> License.fromLTS(parameters(null))));
    }

    @Test
    void standby() throws Exception {
        ConnectionParameters parameters = parameters(LicenseTrackingServer.READER);
        parameters.mainServerURL = LicenseTrackingServer.deadURL();
        parameters.standbyServerURL = server.url();
        try (License license = License.fromLTS(parameters)) {
            assertEquals(StateFlag.STANDBY_USED, license.getInfo().stateFlags);
        }
    }

    @Test
    void cache() throws Exception {
        open().close();
        server.stop();
        try (License license = open()) {
            LicenseInfo info = license.getInfo();
            assertTrue(info.hasState(StateFlag.CACHE_USED));
            assertEquals(StatusCode.LICENSE_CACHE_USED, info.statusCode);
            assertFalse(info.statusMessage.isEmpty());
            license.close(0);
        }
    }

    @Test
    void record() throws Exception {
        try (License license = open()) {
            license.record(OperationType.QR_CODE, 3);
            license.record(OperationType.EAN_13, 1);
            license.record(OperationType.EAN_13, 1);
            assertEquals(StatusCode.OK, license.close(PATIENCE));
        }
        Map<String, Long> expected = new TreeMap<>();
        expected.put("100001-reader scans QR_CODE", 3L);
        expected.put("100001-reader scans EAN_13", 2L);
        assertEquals(expected, stats());
    }

    @Test
    void record_threads() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (License license = open()) {
            List<Future<?>> results = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                results.add(threads.submit(() -> {
                    for (int i = 0; i < 10000; i++) {
                        license.record(OperationType.CODE_128, 1);
                    }
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
            assertEquals(StatusCode.OK, license.close(PATIENCE));
        } finally {
            threads.shutdownNow();
        }
        assertEquals(40000, server.total());
    }

    @Test
    void record_errors() throws Exception {
        assertEquals(StatusCode.NO_LICENSE, Native.recordOperation(0, OperationType.QR_CODE, 1));
        License license = open();
        assertEquals(StatusCode.INVALID_ARGUMENT, statusOf(() -> license.record(OperationType.QR_CODE, -1)));
        assertEquals(StatusCode.UNKNOWN_OPERATION_TYPE, statusOf(() -> license.record(200, 1)));
        assertEquals(StatusCode.UNKNOWN_OPERATION_TYPE, statusOf(() -> license.record(-1, 1)));
        license.record(OperationType.QR_CODE, 0);
        assertEquals(StatusCode.OK, license.close(PATIENCE));
        assertEquals(StatusCode.INVALID_HANDLE, statusOf(() -> license.record(OperationType.QR_CODE, 1)));
        assertEquals(StatusCode.INVALID_HANDLE, statusOf(() -> license.submit(0)));
        assertEquals(StatusCode.INVALID_HANDLE, statusOf(() -> license.pollEvent(0)));
        assertEquals(StatusCode.INVALID_HANDLE, statusOf(license::getInfo));
        assertEquals(0, server.total());
    }

    @Test
    void host_type() throws Exception {
        try (License license = open()) {
            int mrz = license.defineOperationType("MRZ");
            assertTrue(mrz >= 128);
            assertEquals(mrz, license.defineOperationType("MRZ"));
            assertEquals(OperationType.QR_CODE, license.defineOperationType("QR_CODE"));
            assertEquals(StatusCode.INVALID_ARGUMENT, statusOf(() -> license.defineOperationType("no spaces")));
            license.record(mrz, 4);
            assertEquals(StatusCode.OK, license.close(PATIENCE));
        }
        assertEquals(Collections.singletonMap("100001-reader scans MRZ", 4L), stats());
    }

    @Test
    void record_at() throws Exception {
        long now = System.currentTimeMillis() / 1000;
        long hourAgo = now - 3600;
        try (License license = open()) {
            license.recordAt(OperationType.PDF417, 2, hourAgo);
            assertEquals(StatusCode.TIME_OUT_OF_RANGE,
                    statusOf(() -> license.recordAt(OperationType.PDF417, 1, now + 3600)));
            assertEquals(StatusCode.TIME_OUT_OF_RANGE,
                    statusOf(() -> license.recordAt(OperationType.PDF417, 1, now - 31 * 86400)));
            assertEquals(StatusCode.OK, license.close(PATIENCE));
        }
        assertEquals(Collections.singletonMap(Long.toString(hourAgo / 180 * 180), 2L), server.stats("slot"));
    }

    @Test
    void submit() throws Exception {
        try (License license = open()) {
            license.record(OperationType.QR_CODE, 5);
            license.submit(PATIENCE);
            assertEquals(0, license.getInfo().pending);
            assertEquals(5, server.total());
        }
    }

    @Test
    void events() throws Exception {
        try (License license = open()) {
            license.record(OperationType.QR_CODE, 5);
            license.submit(PATIENCE);
            Event submitted = waitForEvent(license, EventKind.SUBMITTED);
            assertEquals(5, submitted.units);
            assertEquals(StatusCode.OK, submitted.statusCode);

            server.stop();
            license.record(OperationType.QR_CODE, 1);
            assertThrows(LTSException.class, () -> license.submit(PATIENCE));
            Event failed = waitForEvent(license, EventKind.SUBMIT_FAILED);
            assertEquals(StatusCode.FAILED_TO_REACH_LTS, failed.statusCode);
            assertFalse(failed.message.isEmpty());
            assertNotEquals(0, failed.time);
            license.close(0);
        }
    }

    @Test
    void invariant() throws Exception {
        try (License license = open()) {
            license.record(OperationType.QR_CODE, 7);
            LicenseInfo before = license.getInfo();
            checkInvariant(before, 7);
            assertEquals(7, before.pending);
            license.submit(PATIENCE);
            LicenseInfo after = license.getInfo();
            checkInvariant(after, 7);
            assertEquals(7, after.accepted);
        }
    }

    @Test
    void double_close() throws Exception {
        License license = open();
        assertEquals(StatusCode.OK, license.close(PATIENCE));
        assertEquals(StatusCode.INVALID_HANDLE, Native.closeLicense(license.getHandle(), 0));
        assertEquals(StatusCode.OK, license.close(PATIENCE));
        license.close();
    }

    @Test
    void outage() throws Exception {
        License license = open();
        server.stop();
        license.record(OperationType.AZTEC, 6);
        assertEquals(StatusCode.REPORTS_PENDING, license.close(PATIENCE));

        server.start();
        try (License next = open()) {
            LicenseTrackingServer.waitFor(() -> next.getInfo().pending == 0, "the submission of what was left");
            checkInvariant(next.getInfo(), 6);
        }
        assertEquals(Collections.singletonMap("100001-reader scans AZTEC", 6L), stats());
    }

    @Test
    void kill() throws Exception {
        Process child = ChildProcess.java(RecordUntilKilled.class, server.url(), LicenseTrackingServer.READER,
                directory.toString(), "1234").redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            assertEquals("recorded", output.readLine());
        } finally {
            child.destroyForcibly().waitFor();
        }
        try (License license = open()) {
            license.submit(PATIENCE);
            checkInvariant(license.getInfo(), 1234);
        }
        assertEquals(1234, server.total());
    }

    @Test
    void device_uuid() throws Exception {
        String first;
        try (License license = open()) {
            first = license.getInfo().deviceUUID;
        }
        assertEquals(36, first.length());
        try (License license = open()) {
            assertEquals(first, license.getInfo().deviceUUID);
        }
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.dataDirectory = directory.toString();
        assertEquals(first, LTS.deviceUUID(parameters));
        parameters.dataDirectory = directory.resolve("other").toString();
        assertNotEquals(first, LTS.deviceUUID(parameters));
    }

    @Test
    void bad_directory() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        ConnectionParameters parameters = parameters(LicenseTrackingServer.READER);
        parameters.dataDirectory = file.resolve("data").toString();
        try (License license = License.fromLTS(parameters)) {
            assertTrue(license.getInfo().hasState(StateFlag.STORAGE_DEGRADED));
            license.record(OperationType.QR_CODE, 3);
            assertEquals(StatusCode.OK, license.close(PATIENCE));
        }
        assertEquals(3, server.total());
    }

    @Test
    void two_licenses() throws Exception {
        ConnectionParameters locked = parameters(LicenseTrackingServer.LOCKED);
        locked.sessionPassword = LicenseTrackingServer.PASSWORD;
        try (License first = open();
                License second = License.fromLTS(locked)) {
            first.record(OperationType.QR_CODE, 1);
            second.record(OperationType.QR_CODE, 2);
            assertEquals(StatusCode.OK, first.close(PATIENCE));
            assertEquals(StatusCode.OK, second.close(PATIENCE));
        }
        Map<String, Long> expected = new TreeMap<>();
        expected.put("100001-reader scans QR_CODE", 1L);
        expected.put("100001-locked locked-scans QR_CODE", 2L);
        assertEquals(expected, stats());
    }
}
