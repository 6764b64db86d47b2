package org.openlts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the library is found, each in a JVM of its own, and what is said when it is not. */
class NativeLibraryTest {
    @TempDir Path directory;

    /** The temporary directory of the JVMs that are started. */
    private Path temporary;

    @BeforeEach
    void makeTemporary() throws Exception {
        temporary = Files.createDirectory(directory.resolve("temporary"));
    }

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

    private String versionOutOfTheJar() throws Exception {
        return version(Arrays.asList("-Djava.io.tmpdir=" + temporary));
    }

    private static List<String> names(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }

    /** Where the library of the jar is unpacked to, once it is. */
    private Path unpacked() throws Exception {
        assertEquals(1, names(temporary).size(), "files in the temporary directory: " + names(temporary));
        return temporary.resolve(names(temporary).get(0));
    }

    @Test
    void out_of_the_jar() throws Exception {
        for (int start = 0; start < 2; start++) {
            assertEquals(LTS.version(), versionOutOfTheJar());
            assertEquals(Collections.singletonList(NativeLibrary.LIBRARY), names(unpacked()));
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(unpacked())));
        }
    }

    @Test
    void a_library_that_was_unpacked_is_shared() throws Exception {
        versionOutOfTheJar();
        Path library = unpacked().resolve(NativeLibrary.LIBRARY);
        Object file = Files.getAttribute(library, "unix:ino");
        versionOutOfTheJar();
        assertEquals(file, Files.getAttribute(library, "unix:ino"));
    }

    @Test
    void JVMs_that_start_together_unpack_it_safely() throws Exception {
        List<Process> children = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            children.add(ChildProcess.java(Arrays.asList("-Djava.io.tmpdir=" + temporary), Version.class)
                    .redirectErrorStream(true).start());
        }
        for (Process child : children) {
            assertEquals(LTS.version(), LicenseTrackingServer.read(child.getInputStream()).trim());
        }
        assertEquals(Collections.singletonList(NativeLibrary.LIBRARY), names(unpacked()));
    }

    @Test
    void a_library_that_was_damaged_is_replaced() throws Exception {
        versionOutOfTheJar();
        Path library = unpacked().resolve(NativeLibrary.LIBRARY);
        byte[] good = Files.readAllBytes(library);
        for (byte[] bad : new byte[][] {new byte[0], Arrays.copyOf(good, 5000), "other".getBytes("UTF-8")}) {
            Files.write(library, bad);
            assertEquals(LTS.version(), versionOutOfTheJar());
            assertArrayEquals(good, Files.readAllBytes(library));
        }
        Files.delete(library);
        Files.createSymbolicLink(library, Files.write(directory.resolve("link"), good));
        assertEquals(LTS.version(), versionOutOfTheJar());
        assertFalse(Files.isSymbolicLink(library));
    }

    @Test
    void what_killed_JVMs_left_is_deleted() throws Exception {
        versionOutOfTheJar();
        Path old = Files.createFile(unpacked().resolve("1" + NativeLibrary.SHIM));
        Path fresh = Files.createFile(unpacked().resolve("2" + NativeLibrary.SHIM));
        Files.setLastModifiedTime(old, FileTime.fromMillis(System.currentTimeMillis() - 2 * 3600 * 1000));
        versionOutOfTheJar();
        assertFalse(Files.exists(old));
        assertTrue(Files.exists(fresh));
    }

    /** Others can write to the temporary directory, and know the name. */
    @Test
    void a_directory_that_others_can_write_to_is_not_used() throws Exception {
        versionOutOfTheJar();
        Path ours = unpacked();
        Path library = ours.resolve(NativeLibrary.LIBRARY);
        Files.write(library, "a stranger's".getBytes("UTF-8"));

        Files.setPosixFilePermissions(ours, PosixFilePermissions.fromString("rwxrwxrwx"));
        checkUntouched(ours, library);
        Files.setPosixFilePermissions(ours, PosixFilePermissions.fromString("rwx------"));

        Path elsewhere = directory.resolve("elsewhere");
        Files.move(ours, elsewhere);
        Files.createSymbolicLink(ours, elsewhere);
        checkUntouched(ours, elsewhere.resolve(NativeLibrary.LIBRARY));

        Files.delete(ours);
        Files.createFile(ours);
        assertEquals(LTS.version(), versionOutOfTheJar());
        assertEquals(ours, unpacked());
    }

    private void checkUntouched(Path ours, Path library) throws Exception {
        assertEquals(LTS.version(), versionOutOfTheJar());
        assertEquals("a stranger's", LicenseTrackingServer.read(library));
        assertEquals(ours, unpacked(), "what was used instead is gone again");
        assertEquals(Collections.singletonList(NativeLibrary.LIBRARY), names(ours));
    }

    @Test
    void a_strangers_directory_is_not_used() throws Exception {
        versionOutOfTheJar();
        Path ours = unpacked();
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can give a directory away");
        Path library = ours.resolve(NativeLibrary.LIBRARY);
        Files.write(library, "a stranger's".getBytes("UTF-8"));
        Files.setAttribute(ours, "unix:uid", 54321);
        checkUntouched(ours, library);
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

    /** A library of another version, in the directory. */
    private void compileAnotherVersion() throws Exception {
        Path source = directory.resolve("other.c");
        Files.write(source, Collections.singletonList("int LTS_ABIVersion(void) { return 0; }"));
        Path versions = directory.resolve("versions"); // the loader compares the versions of symbols first
        Files.write(versions, Collections.singletonList("OPENLTS_1 { global: LTS_*; local: *; };"));
        Path library = directory.resolve(NativeLibrary.LIBRARY);
        Process compiler = new ProcessBuilder("cc", "-shared", "-fPIC", "-Wl,-soname,libopenlts.so.0",
                "-Wl,--version-script=" + versions, "-o", library.toString(), source.toString()).inheritIO().start();
        assertEquals(0, compiler.waitFor());
    }

    @Test
    void a_library_of_another_version_is_refused() throws Exception {
        compileAnotherVersion();
        Files.copy(ChildProcess.NATIVE.resolve(NativeLibrary.SHIM), directory.resolve(NativeLibrary.SHIM));
        String output = version(Arrays.asList("-D" + NativeLibrary.PATH_PROPERTY + "=" + directory));
        assertTrue(output.contains("has version 0 of the interface, the JNI shim needs version 1 or newer."), output);
    }

    @Test
    void the_library_of_the_jar_comes_before_those_of_the_environment() throws Exception {
        compileAnotherVersion();
        ProcessBuilder builder = ChildProcess.java(Arrays.asList("-Djava.io.tmpdir=" + temporary), Version.class);
        builder.environment().put("LD_LIBRARY_PATH", directory.toString());
        Process child = builder.redirectErrorStream(true).start();
        assertEquals(LTS.version(), LicenseTrackingServer.read(child.getInputStream()).trim());
    }
}
