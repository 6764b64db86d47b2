package org.openlts;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;

/**
 * Finds and loads the native library and its JNI shim: first in the directory the system property
 * {@code org.openlts.library.path} names, else in one of {@code java.library.path}, else out of the
 * jar for this platform ({@link UnpackedLibrary}).
 *
 * <p>A process has one library, and with it one Go runtime, however many class loaders load this class.
 * The JVM gives a native file to one class loader only; so it is the small shim that each of them
 * loads, from a file of its own, and the shim names the library by its soname: the system's loader
 * finds the one that the process has already, or else the one beside the shim.
 */
final class NativeLibrary {
    static final String PATH_PROPERTY = "org.openlts.library.path";

    private static final boolean LINUX = platform().startsWith("linux-");

    /** On Linux called as its soname, by which the shim asks for it. */
    static final String LIBRARY = System.mapLibraryName("openlts") + (LINUX ? ".0" : "");

    static final String SHIM = System.mapLibraryName("openlts_jni");

    /** Loads both, or throws an {@link UnsatisfiedLinkError} which says what to do. */
    static void load() {
        Path directory = find();
        if (directory != null) {
            loadFrom(directory);
        } else {
            UnpackedLibrary.load();
        }
        // JNI_OnLoad has compared the shim with the library; this compares them with the classes.
        if (Native.abiVersion() < LTS.ABI_VERSION) {
            throw new UnsatisfiedLinkError(
                    "The OpenLTS library has version " + Native.abiVersion() + " of the interface, this jar needs"
                            + " version " + LTS.ABI_VERSION + " or newer. Install the library that belongs to this jar.");
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

    private static void loadFrom(Path directory) {
        Path shim = directory.resolve(SHIM);
        try {
            load(directory.resolve(LIBRARY), shim);
        } catch (UnsatisfiedLinkError e) {
            if (!isInUse(e)) {
                throw e;
            }
            loadCopy(shim);
        }
    }

    /**
     * Another class loader has the shim: this one takes a copy. The process has the library then. The copy
     * lies in a directory of its own, since the system's loader looks for libraries beside it.
     */
    private static void loadCopy(Path shim) {
        Path directory = null;
        try {
            directory = Files.createTempDirectory("openlts");
            System.load(Files.copy(shim, directory.resolve(SHIM)).toString());
        } catch (IOException e) {
            throw new UnsatisfiedLinkError(
                    SHIM + " is in use by another class loader, and could not be copied to the temporary directory "
                            + System.getProperty("java.io.tmpdir") + " for this one (" + e + ").");
        } finally {
            if (directory != null) {
                UnpackedLibrary.delete(directory.resolve(SHIM));
                UnpackedLibrary.delete(directory);
            }
        }
    }

    /** Loads the shim, and the library with it. */
    static void load(Path library, Path shim) {
        try {
            if (!LINUX) {
                // There the system does not look beside the shim; it finds a library that is loaded already.
                loadUnlessInUse(library);
            }
            System.load(shim.toString());
        } catch (UnsatisfiedLinkError e) {
            if (Files.exists(Paths.get("/etc/alpine-release"))) {
                throw new UnsatisfiedLinkError(
                        "OpenLTS needs glibc and does not run on Alpine Linux (musl). (" + e.getMessage() + ")");
            }
            throw e;
        }
    }

    private static void loadUnlessInUse(Path library) {
        try {
            System.load(library.toString());
        } catch (UnsatisfiedLinkError e) {
            if (!isInUse(e)) {
                throw e;
            }
        }
    }

    private static boolean isInUse(UnsatisfiedLinkError e) {
        return String.valueOf(e.getMessage()).contains("already loaded in another classloader");
    }

    /**
     * Such as linux-x86_64, linux-aarch_64, osx-aarch_64: the name of the directory in the jar, and the classifier of the
     * jar itself, as Maven's os-maven-plugin has it.
     */
    static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        os = os.startsWith("windows") ? "windows" : os.startsWith("mac") ? "osx" : os;
        return os + "-" + (arch.equals("amd64") ? "x86_64" : arch.equals("aarch64") ? "aarch_64" : arch);
    }

    private NativeLibrary() {}
}
