package org.openlts;

import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Starts further JVMs with the classes of this one. */
final class ChildProcess {
    /** Where the library and its JNI shim were built. */
    static final Path NATIVE = Paths.get(System.getProperty(NativeLibrary.PATH_PROPERTY)).toAbsolutePath();

    /** Runs main of a class with the library the tests use. */
    static ProcessBuilder java(Class<?> main, String... arguments) {
        return java(Arrays.asList("-D" + NativeLibrary.PATH_PROPERTY + "=" + NATIVE), main, arguments);
    }

    static ProcessBuilder java(List<String> options, Class<?> main, String... arguments) {
        List<String> line = new ArrayList<>();
        line.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        line.add("-cp");
        line.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        line.addAll(options);
        line.add(main.getName());
        line.addAll(Arrays.asList(arguments));
        return new ProcessBuilder(line);
    }

    private ChildProcess() {}
}
