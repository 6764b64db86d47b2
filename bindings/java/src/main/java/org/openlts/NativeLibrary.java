package org.openlts;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;

/**
 * Finds and loads the native library and its JNI shim, which lie side by side: first in the
 * directory the system property {@code org.openlts.library.path} names, else in one of {@code
 * java.library.path}, else out of this jar ({@code /native/<os>-<arch>/}).
 */
final class NativeLibrary {
    static final String PATH_PROPERTY = "org.openlts.library.path";

    private static final String LIBRARY = System.mapLibraryName("openlts");
    private static final String SHIM = System.mapLibraryName("openlts_jni");

    /** Loads both, or throws an {@link UnsatisfiedLinkError} which says what to do. */
    static void load() {
        Path directory = find();
        if (directory != null) {
            loadFrom(directory);
        } else {
            loadFromJar();
        }
        // JNI_OnLoad has compared the shim with the library; this compares them with the classes.
        if (Native.abiVersion() != LTS.ABI_VERSION) {
            throw new UnsatisfiedLinkError(
                    "The OpenLTS library has version " + Native.abiVersion() + " of the interface, this jar needs"
                            + " version " + LTS.ABI_VERSION + ". Install the library that belongs to this jar.");
        }
    }

    private static Path find() {
        String named = System.getProperty(PATH_PROPERTY);
        if (named != null) {
            Path directory = Paths.get(named).toAbsolutePath();
            if (!holdsLibrary(directory)) {
                throw new UnsatisfiedLinkError(
                        "The system property " + PATH_PROPERTY + " names " + directory + ", but " + LIBRARY + " and "
                                + SHIM + " are not both there.");
            }
            return directory;
        }
        for (String entry : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
            if (!entry.isEmpty() && holdsLibrary(Paths.get(entry))) {
                return Paths.get(entry).toAbsolutePath();
            }
        }
        return null;
    }

    private static boolean holdsLibrary(Path directory) {
        return Files.isRegularFile(directory.resolve(LIBRARY)) && Files.isRegularFile(directory.resolve(SHIM));
    }

    /** The library goes first: the shim then finds it loaded, wherever it lies. */
    private static void loadFrom(Path directory) {
        try {
            System.load(directory.resolve(LIBRARY).toString());
            System.load(directory.resolve(SHIM).toString());
        } catch (UnsatisfiedLinkError e) {
            if (Files.exists(Paths.get("/etc/alpine-release"))) {
                throw new UnsatisfiedLinkError(
                        "OpenLTS needs glibc and does not run on Alpine Linux (musl). (" + e.getMessage() + ")");
            }
            throw e;
        }
    }

    private static void loadFromJar() {
        String platform = platform();
        Path directory = null;
        try {
            directory = Files.createTempDirectory("openlts");
            for (String name : new String[] {LIBRARY, SHIM}) {
                try (InputStream in = NativeLibrary.class.getResourceAsStream("/native/" + platform + "/" + name)) {
                    if (in == null) {
                        throw new UnsatisfiedLinkError(
                                "The OpenLTS library for " + platform + " was not found: " + LIBRARY + " and " + SHIM
                                        + " are neither in this jar nor in a directory of java.library.path. Put them"
                                        + " into a directory and name it by -D" + PATH_PROPERTY + "=DIRECTORY.");
                    }
                    Files.copy(in, directory.resolve(name));
                }
            }
            loadFrom(directory);
        } catch (IOException e) {
            throw new UnsatisfiedLinkError(
                    "The OpenLTS library could not be unpacked to " + directory + " (" + e + "). Name a directory that"
                            + " holds " + LIBRARY + " and " + SHIM + " by -D" + PATH_PROPERTY + "=DIRECTORY.");
        } finally {
            if (directory != null) {
                delete(directory);
            }
        }
    }

    /** Unix lets go of a loaded file's name at once; Windows does not, and keeps it in the temporary directory. */
    private static void delete(Path directory) {
        for (String name : new String[] {LIBRARY, SHIM, ""}) {
            try {
                Files.deleteIfExists(directory.resolve(name));
            } catch (IOException e) {
                // The system cleans its temporary directory.
            }
        }
    }

    /** Such as linux-x86_64, windows-x86_64, macos-aarch64; the name of the directory in the jar. */
    static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        os = os.startsWith("windows") ? "windows" : os.startsWith("mac") ? "macos" : os;
        return os + "-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private NativeLibrary() {}
}
