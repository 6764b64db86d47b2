package org.openlts;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Takes the Java code out of a page of the documentation and runs it. */
public final class Documentation {
    /** The heading of what needs the example SDK and runs with its tests. */
    public static final String PUBLISHED_SNIPPETS = "The published snippets";

    /** The Java code blocks of a page, by the headings of level 2 they stand under. */
    public static Map<String, List<String>> blocks(Path page) throws Exception {
        Map<String, List<String>> sections = new LinkedHashMap<>();
        for (JsonElement element : Testbed.blocks(page, "java")) {
            JsonObject block = element.getAsJsonObject();
            sections.computeIfAbsent(block.get("section").getAsString(), heading -> new ArrayList<>())
                    .add(block.get("code").getAsString());
        }
        return sections;
    }

    /**
     * Compiles code as the body of a method, and runs it.
     *
     * @param imports of the packages it uses, such as "org.openlts.*"
     * @param directory for the files this makes
     */
    public static void run(String code, String imports, Path directory) throws Exception {
        StringBuilder head = new StringBuilder("import " + imports + ";\n");
        StringBuilder body = new StringBuilder();
        for (String line : code.split("\n")) {
            (line.startsWith("import ") ? head : body).append(line).append('\n');
        }
        Path source = directory.resolve("Snippet.java");
        String text = head + "public class Snippet {\npublic static void run() throws Exception {\n" + body + "}\n}\n";
        Files.write(source, text.getBytes(StandardCharsets.UTF_8));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        if (compiler.run(null, null, errors, "-cp", classPath, "-d", directory.toString(), source.toString()) != 0) {
            throw new IllegalArgumentException(errors + "\nin:\n" + code);
        }
        try (URLClassLoader loader = new URLClassLoader(
                new URL[] {directory.toUri().toURL()}, Documentation.class.getClassLoader())) {
            loader.loadClass("Snippet").getMethod("run").invoke(null);
        }
    }

    private Documentation() {}
}
