package org.openlts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the declarations agree with the header, and that values cross unharmed. */
class NativeTest {
    private static String header;

    @BeforeAll
    static void readHeader() throws Exception {
        header = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL)
                .matcher(LicenseTrackingServer.read(Repository.HEADER)).replaceAll("");
    }

    private static List<String> all(String text, String pattern) {
        List<String> found = new ArrayList<>();
        Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        assertFalse(found.isEmpty(), pattern);
        return found;
    }

    @Test
    void the_version_is_the_headers() {
        assertEquals(all(header, "#define LTS_ABI_VERSION (\\d+)"), Arrays.asList("" + LTS.ABI_VERSION));
    }

    @Test
    void functions_are_the_headers() throws Exception {
        List<String> functions = new ArrayList<>();
        for (String function : all(header, "LTS_CALL LTS_(\\w+)\\(")) {
            // Java spells the first word of a method's name in small letters.
            functions.add(function.equals("ABIVersion") ? "abiVersion"
                    : function.substring(0, 1).toLowerCase(Locale.ROOT) + function.substring(1));
        }
        String declarations = LicenseTrackingServer.read(Repository.SOURCES.resolve("Native.java"));
        assertEquals(functions, all(declarations, "static native \\w+ (\\w+)\\("));
    }

    @Test
    void fields_are_the_headers() {
        checkFields("LTS_ConnectionParameters", ConnectionParameters.class);
        checkFields("LTS_LicenseInfo", LicenseInfo.class);
        checkFields("LTS_Event", Event.class);
    }

    private static void checkFields(String struct, Class<?> mirror) {
        String body = all(header, "typedef struct " + struct + " \\{(.*?)\\}").get(0);
        TreeSet<String> expected = new TreeSet<>();
        for (String field : all(body, "(\\w+)(?:\\[\\d+\\])?;")) {
            if (!field.matches("structSize|reserved.*|limitedLicenseModulesCount")) {
                expected.add(field.equals("UUIDGenerationMethod") ? "uuidGenerationMethod" : field);
            }
        }
        TreeSet<String> actual = new TreeSet<>();
        for (Field field : mirror.getFields()) {
            actual.add(field.getName());
        }
        assertEquals(expected, actual);
    }

    @Test
    void texts_are_UTF8(@TempDir Path directory) throws Exception {
        // Outside the basic plane, where JNI's own encoding differs from UTF-8. The name is compared on
        // the byte level by the file system.
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.dataDirectory = directory + "/Größe-日本-\uD83D\uDE00";
        LTS.deviceUUID(parameters);
        Process ls = new ProcessBuilder("ls", directory.toString()).start();
        assertEquals("Größe-日本-\uD83D\uDE00", LicenseTrackingServer.read(ls.getInputStream()).trim());
    }

    @Test
    void a_NUL_character_is_refused() {
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.handshakeCode = "100001-reader\0x";
        LTSException e = assertThrows(LTSException.class, () -> License.fromLTS(parameters));
        assertEquals(StatusCode.INVALID_ARGUMENT, e.getStatus());
        assertEquals("handshakeCode contains a NUL character.", e.getMessage());
    }

    @Test
    void null_is_refused() {
        assertEquals(StatusCode.INVALID_ARGUMENT,
                assertThrows(LTSException.class, () -> License.fromLTS(null)).getStatus());
        assertThrows(LTSException.class, () -> License.fromKey(null));
    }

    @Test
    void modules_reach_the_server(@TempDir Path directory) throws Exception {
        try (LicenseTrackingServer server = new LicenseTrackingServer()) {
            server.administrate("handshake", "add", "qr", "--org", LicenseTrackingServer.ORGANIZATION);
            server.administrate("item", "add", "qr", "--org", LicenseTrackingServer.ORGANIZATION,
                    "--charge-way", "scan", "--quota", "10", "--modules", "QR_CODE,PDF417", "--handshake", "100001-qr");
            ConnectionParameters parameters = new ConnectionParameters();
            parameters.mainServerURL = server.url();
            parameters.handshakeCode = "100001-qr";
            parameters.dataDirectory = directory.toString();
            parameters.limitedLicenseModules = new int[] {LicenseModule.QR_CODE, LicenseModule.PDF417};
            try (License license = License.fromLTS(parameters)) {
                LicenseInfo info = license.getInfo();
                assertTrue(info.permits(LicenseModule.QR_CODE));
                assertTrue(info.permits(LicenseModule.PDF417));
                assertFalse(info.permits(LicenseModule.AZTEC));
            }
            parameters.limitedLicenseModules = new int[] {LicenseModule.QR_CODE, LicenseModule.AZTEC};
            assertEquals(StatusCode.NO_ITEM_MATCHED,
                    assertThrows(LTSException.class, () -> License.fromLTS(parameters)).getStatus());
        }
    }

    /** Each record() that returned is counted, also those that ran into the close of the license. */
    @Test
    void a_license_may_be_closed_while_others_record(@TempDir Path directory) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (LicenseTrackingServer server = new LicenseTrackingServer()) {
            server.administrate("handshake", "add", "busy", "--org", LicenseTrackingServer.ORGANIZATION);
            server.administrate("item", "add", "busy", "--org", LicenseTrackingServer.ORGANIZATION,
                    "--charge-way", "scan", "--quota", "unlimited", "--handshake", "100001-busy");
            ConnectionParameters parameters = new ConnectionParameters();
            parameters.mainServerURL = server.url();
            parameters.handshakeCode = "100001-busy";
            parameters.dataDirectory = directory.toString();
            License license = License.fromLTS(parameters);
            List<Future<Long>> results = new ArrayList<>();
            CountDownLatch begun = new CountDownLatch(4);
            for (int t = 0; t < 4; t++) {
                results.add(threads.submit(() -> recordUntilClosed(license, begun)));
            }
            begun.await();
            license.close();
            long recorded = 0;
            for (Future<Long> result : results) {
                recorded += result.get();
            }
            long all = recorded;
            try (License next = License.fromLTS(parameters)) {
                LicenseTrackingServer.waitFor(() -> next.getInfo().recorded == all, "all " + all + " to be taken over");
                next.submit(10000);
            }
            assertEquals(all, server.total());
        } finally {
            threads.shutdownNow();
        }
    }

    private static long recordUntilClosed(License license, CountDownLatch begun) {
        for (long recorded = 0; ; recorded++) {
            try {
                license.record(OperationType.QR_CODE, 1);
            } catch (LTSException e) {
                assertEquals(StatusCode.INVALID_HANDLE, e.getStatus());
                return recorded;
            }
            if (recorded == 0) {
                begun.countDown();
            }
        }
    }

    /** A null reference is a SIGSEGV, which the Go runtime in the library sees first. */
    @Test
    void null_references_are_still_exceptions() {
        LTS.version();
        for (int i = 0; i < 20000; i++) {
            assertThrows(NullPointerException.class, () -> ((String) null).trim());
        }
        assertThrows(StackOverflowError.class, () -> recurse(0));
        assertDoesNotThrow(LTS::version);
    }

    private static int recurse(int depth) {
        return recurse(depth + 1) + 1;
    }

    @Test
    void the_jvm_finds_no_fault(@TempDir Path directory) throws Exception {
        try (LicenseTrackingServer server = new LicenseTrackingServer()) {
            Path output = Files.createTempFile(directory, "output", null);
            Process child = ChildProcess.java(
                    Arrays.asList("-Xcheck:jni", "-D" + NativeLibrary.PATH_PROPERTY + "=" + ChildProcess.NATIVE),
                    EveryFunction.class, server.url(), LicenseTrackingServer.READER, directory.resolve("device").toString())
                    .redirectErrorStream(true).redirectOutput(output.toFile()).start();
            int exit = child.waitFor();
            String text = LicenseTrackingServer.read(output);
            assertEquals(0, exit, text);
            assertTrue(text.contains("done"), text);
            assertFalse(text.contains("in native method"), text);
        }
    }
}
