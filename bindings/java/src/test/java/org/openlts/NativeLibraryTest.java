package org.openlts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the library is found, each in a JVM of its own, and what is said when it is not. */
class NativeLibraryTest {
    @TempDir Path directory;

    /** What LTS.version() gives, or the error, in a JVM started with these options. */
    private static String version(List<String> options) throws Exception {
        Process child = ChildProcess.java(options, Version.class).redirectErrorStream(true).start();
        String output = LicenseTrackingServer.read(child.getInputStream()).trim();
        child.waitFor();
        return output;
    }

    static final class Version {
        public static void main(String[] arguments) {
            System.out.println(LTS.version());
        }
    }

    @Test
    void out_of_a_directory_of_the_java_library_path() throws Exception {
        assertEquals(LTS.version(), version(Arrays.asList("-Djava.library.path=/nowhere:" + ChildProcess.NATIVE)));
    }

    @Test
    void out_of_the_jar() throws Exception {
        assertEquals(LTS.version(), version(Arrays.asList("-Djava.io.tmpdir=" + directory)));
        try (java.util.stream.Stream<Path> left = Files.list(directory)) {
            assertEquals(0, left.count(), "files left in the temporary directory");
        }
    }

    @Test
    void a_wrong_directory_is_named() throws Exception {
        String output = version(Arrays.asList("-D" + NativeLibrary.PATH_PROPERTY + "=/nowhere"));
        assertTrue(output.contains("org.openlts.library.path names /nowhere, but "), output);
    }

    @Test
    void a_platform_without_library_is_named() throws Exception {
        String output = version(Arrays.asList("-Dos.arch=pdp11"));
        assertTrue(output.contains("The OpenLTS library for linux-pdp11 was not found"), output);
    }

    @Test
    void a_library_of_another_version_is_refused() throws Exception {
        Path source = directory.resolve("other.c");
        Files.write(source, Collections.singletonList("int LTS_ABIVersion(void) { return 99; }"));
        Path versions = directory.resolve("versions"); // the loader compares the versions of symbols first
        Files.write(versions, Collections.singletonList("OPENLTS_1 { global: LTS_*; local: *; };"));
        Path library = directory.resolve(System.mapLibraryName("openlts"));
        Process compiler = new ProcessBuilder("cc", "-shared", "-fPIC", "-Wl,-soname,libopenlts.so.0",
                "-Wl,--version-script=" + versions, "-o", library.toString(), source.toString()).inheritIO().start();
        assertEquals(0, compiler.waitFor());
        String shim = System.mapLibraryName("openlts_jni");
        Files.copy(ChildProcess.NATIVE.resolve(shim), directory.resolve(shim));
        String output = version(Arrays.asList("-D" + NativeLibrary.PATH_PROPERTY + "=" + directory));
        assertTrue(output.contains("has version 99 of the interface, the JNI shim needs version 1."), output);
    }
}
