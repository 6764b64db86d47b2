package org.openlts.android;

import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import com.android.tools.r8.CompilationMode;
import com.android.tools.r8.D8;
import com.android.tools.r8.D8Command;
import com.android.tools.r8.OutputMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** Android's compiler takes the classes for the oldest Android that is supported. */
public class DexTest {
    @Rule public TemporaryFolder folder = new TemporaryFolder();

    @Test
    public void d8_makes_dex_code_for_API_23() throws Exception {
        List<Path> classes;
        try (Stream<Path> files = Files.walk(Paths.get(System.getProperty("openlts.classes")))) {
            classes = files.filter(file -> file.toString().endsWith(".class")).collect(Collectors.toList());
        }
        Path output = folder.newFolder().toPath();
        D8.run(D8Command.builder()
                .addLibraryFiles(Paths.get(System.getProperty("openlts.android.library")))
                .addProgramFiles(classes)
                .setMinApiLevel(23)
                .setMode(CompilationMode.RELEASE)
                .setOutput(output, OutputMode.DexIndexed)
                .build());
        byte[] dex = Files.readAllBytes(output.resolve("classes.dex"));
        assertTrue(dex.length > 10000);
        // A name of a class stands there as it is in the bytecode.
        String text = new String(dex, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains("Ljava/util/concurrent/atomic/AtomicBoolean;"));
        for (String later : new String[] {
            "Ljava/nio/file/", "Ljava/time/", "Ljava/util/function/", "Ljava/util/stream/", "Ljava/util/Optional"
        }) {
            assertFalse(later + " came to Android after API level 23", text.contains(later));
        }
    }
}
