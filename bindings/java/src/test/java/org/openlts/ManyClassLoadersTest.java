package org.openlts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Applications in one JVM, each with the jar in a class loader of its own, share one library and its runtime. */
class ManyClassLoadersTest {
    private static final int LOADERS = 12;

    @TempDir Path directory;

    private void run(String option) throws Exception {
        try (LicenseTrackingServer server = new LicenseTrackingServer()) {
            Path output = directory.resolve("output");
            Process child = ChildProcess.java(Collections.singletonList(option), ManyClassLoaders.class,
                    String.valueOf(LOADERS), server.url(), LicenseTrackingServer.READER,
                    directory.resolve("device").toString())
                    .redirectErrorStream(true).redirectOutput(output.toFile()).start();
            int exit = child.waitFor();
            String[] lines = LicenseTrackingServer.read(output).trim().split("\n");
            assertEquals(0, exit, String.join("\n", lines));
            int[] found = Arrays.stream(lines[0].split(" ")).mapToInt(Integer::parseInt).toArray();
            assertEquals(1, found[2], "libraries in the process");
            // A Go runtime has five threads or more. The one there is may have to add some for the work.
            assertTrue(found[1] - found[0] < LOADERS, "threads after the first, and after all: " + lines[0]);
            assertEquals(Collections.nCopies(LOADERS, "INVALID_ARGUMENT 0"),
                    Arrays.asList(lines).subList(1, LOADERS + 1));
            assertEquals(LOADERS * 2 * OneOfMany.UNITS, server.total());
        }
    }

    @Test
    void out_of_the_jar() throws Exception {
        run("-Djava.io.tmpdir=" + Files.createDirectory(directory.resolve("temporary")));
    }

    @Test
    void out_of_a_directory() throws Exception {
        run("-D" + NativeLibrary.PATH_PROPERTY + "=" + ChildProcess.NATIVE);
    }
}
