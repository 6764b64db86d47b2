package org.openlts;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * Applications in one JVM, each with a class loader of its own that loads the binding. Arguments: how many,
 * then those of {@link OneOfMany}. Prints the threads of the process after the first, and after all, and the
 * names under which the process has mapped the library.
 */
public final class ManyClassLoaders {
    public static void main(String[] arguments) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Paths.get(entry).toUri().toURL());
        }
        List<Object> licenses = new ArrayList<>();
        int first = 0;
        for (int n = 0; n < Integer.parseInt(arguments[0]); n++) {
            ClassLoader loader = new URLClassLoader(urls.toArray(new URL[0]), null);
            licenses.add(loader.loadClass(OneOfMany.class.getName())
                    .getConstructor(String.class, String.class, String.class)
                    .newInstance(arguments[1], arguments[2], arguments[3]));
            if (n == 0) {
                first = threads();
            }
        }
        System.out.println(first + " " + threads() + " " + libraries().size());
        for (Object each : licenses) {
            System.out.println(((Supplier<?>) each).get() + " " + ((Callable<?>) each).call());
        }
    }

    private static int threads() {
        return new File("/proc/self/task").list().length;
    }

    private static TreeSet<String> libraries() throws Exception {
        TreeSet<String> found = new TreeSet<>();
        byte[] maps = Files.readAllBytes(Paths.get("/proc/self/maps"));
        for (String line : new String(maps, StandardCharsets.UTF_8).split("\n")) {
            if (line.contains("/" + NativeLibrary.LIBRARY)) {
                found.add(line.substring(line.indexOf('/')));
            }
        }
        return found;
    }

    private ManyClassLoaders() {}
}
