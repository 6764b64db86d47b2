package org.openlts;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The native files of the jar for this platform ({@code native/<platform>/}), unpacked to be loaded.
 *
 * <p>The library goes into a directory of the temporary directory that is named by the user and by the
 * library's SHA-256, and stays there for all class loaders and JVMs of that user to share; its content
 * is compared with that sum each time. Others may write to the temporary directory, too: the directory
 * is used only if it is the user's own and nobody else's to write; else this JVM uses one that is made
 * for it and deleted once the library is loaded. The shim is unpacked anew each time and deleted at
 * once, since each class loader needs a file of its own. (On Windows, a file that is loaded can't be
 * deleted.)
 */
final class UnpackedLibrary {
    private static final Set<PosixFilePermission> OWN = PosixFilePermissions.fromString("rwx------");

    /** Loads the library and its shim out of this jar. */
    static void load() {
        Path temporary = Paths.get(System.getProperty("java.io.tmpdir")).toAbsolutePath();
        try {
            String sum = sum();
            String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9_-]", "_");
            if (!loadFrom(temporary.resolve("openlts-" + user + "-" + sum), sum)) {
                Path directory = Files.createTempDirectory(temporary, "openlts");
                try {
                    loadFrom(directory, sum);
                } finally {
                    delete(directory.resolve(NativeLibrary.LIBRARY));
                    delete(directory);
                }
            }
        } catch (IOException e) {
            throw new UnsatisfiedLinkError(
                    "The OpenLTS library could not be unpacked to " + temporary + " (" + e + "). Name a directory that"
                            + " holds " + NativeLibrary.LIBRARY + " and " + NativeLibrary.SHIM + " by -D"
                            + NativeLibrary.PATH_PROPERTY + "=DIRECTORY.");
        }
    }

    /** Unpacks into a directory and loads from there; false if it must not be used or can't be. */
    private static boolean loadFrom(Path directory, String sum) throws IOException {
        Path shim;
        try {
            make(directory);
            shim = Files.createTempFile(directory, "", NativeLibrary.SHIM);
        } catch (IOException e) {
            return false; // somebody else's, or of no use to anybody
        }
        try {
            if (!isOwn(directory, shim)) {
                return false;
            }
            sweep(directory);
            unpack(NativeLibrary.SHIM, shim);
            Path library = directory.resolve(NativeLibrary.LIBRARY);
            if (!Files.isRegularFile(library, LinkOption.NOFOLLOW_LINKS) || !sum.equals(sumOf(library))) {
                unpackLibrary(library, sum);
            }
            NativeLibrary.load(library, shim);
            return true;
        } finally {
            delete(shim);
        }
    }

    private static void make(Path directory) throws IOException {
        try {
            if (isPosix(directory.getParent())) {
                Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OWN));
            } else {
                Files.createDirectory(directory);
            }
        } catch (FileAlreadyExistsException e) {
            // That is what it is for; whose it is, isOwn tells.
        }
    }

    /** Whether nobody but the user can put anything into the directory. The file in it was made by this process. */
    private static boolean isOwn(Path directory, Path made) throws IOException {
        if (!isPosix(directory)) {
            return true; // on Windows, the temporary directory itself is the user's
        }
        PosixFileAttributes attributes =
                Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        return attributes.isDirectory() && attributes.permissions().equals(OWN)
                && attributes.owner().equals(Files.getOwner(made, LinkOption.NOFOLLOW_LINKS));
    }

    private static boolean isPosix(Path directory) {
        return Files.getFileAttributeView(directory, PosixFileAttributeView.class) != null;
    }

    /** Deletes what JVMs left that were killed while they unpacked, and on Windows the shims of those that ended. */
    private static void sweep(Path directory) throws IOException {
        long longAgo = System.currentTimeMillis() - TimeUnit.HOURS.toMillis(1);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                boolean library = file.getFileName().toString().equals(NativeLibrary.LIBRARY);
                if (!library && file.toFile().lastModified() < longAgo) {
                    delete(file);
                }
            }
        }
    }

    /** In one step: who loads the library meanwhile gets all of it, and who has loaded it keeps what he has. */
    private static void unpackLibrary(Path library, String sum) throws IOException {
        Path fresh = Files.createTempFile(library.getParent(), "", NativeLibrary.LIBRARY);
        try {
            unpack(NativeLibrary.LIBRARY, fresh);
            if (!sum.equals(sumOf(fresh))) {
                throw new IOException("the jar is damaged: " + NativeLibrary.LIBRARY + " in it has another SHA-256"
                        + " than " + NativeLibrary.LIBRARY + ".sha256 says");
            }
            Files.move(fresh, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            delete(fresh);
        }
    }

    /** Into a file that is there, so that its permissions are those it was made with. */
    private static void unpack(String name, Path file) throws IOException {
        try (InputStream in = resource(name); OutputStream out = Files.newOutputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
            }
        }
    }

    /** The SHA-256 of the library in the jar, as the jar says. */
    private static String sum() throws IOException {
        byte[] text = new byte[64];
        try (InputStream in = resource(NativeLibrary.LIBRARY + ".sha256")) {
            int length = 0;
            int n;
            while ((n = in.read(text, length, text.length - length)) > 0) {
                length += n;
            }
        }
        String sum = new String(text, StandardCharsets.US_ASCII);
        if (!sum.matches("[0-9a-f]{64}")) {
            throw new IOException("the jar is damaged: " + NativeLibrary.LIBRARY + ".sha256 in it holds no SHA-256");
        }
        return sum;
    }

    private static String sumOf(Path file) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
                byte[] buffer = new byte[1 << 16];
                while (in.read(buffer) >= 0) {
                    continue;
                }
            }
            StringBuilder text = new StringBuilder();
            for (byte each : digest.digest()) {
                text.append(String.format("%02x", each));
            }
            return text.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e); // every JVM has it
        }
    }

    private static InputStream resource(String name) {
        String platform = NativeLibrary.platform();
        // By the class loader: what a module asks for by its class is looked for in that module only.
        ClassLoader loader = NativeLibrary.class.getClassLoader();
        String path = "native/" + platform + "/" + name;
        InputStream in = loader == null ? ClassLoader.getSystemResourceAsStream(path) : loader.getResourceAsStream(path);
        if (in == null) {
            throw new UnsatisfiedLinkError(
                    "The OpenLTS library for " + platform + " was not found: " + NativeLibrary.LIBRARY + " and "
                            + NativeLibrary.SHIM + " are neither on the class path nor in a directory of java.library.path."
                            + " Add the jar of OpenLTS whose classifier is " + platform + ", or put them into a directory and name it by -D" + NativeLibrary.PATH_PROPERTY + "=DIRECTORY.");
        }
        return in;
    }

    /** Unix lets go of a loaded file's name at once; Windows does not, and cleans its temporary directory. */
    static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It stays.
        }
    }

    private UnpackedLibrary() {}
}
