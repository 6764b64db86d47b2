package org.openlts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The code of docs/java.md and of the README compiles and runs. Only the server's address is replaced, and a data directory
 * named, because the default lies in the home directory of who runs the tests.
 */
class DocumentationTest {
    @TempDir static Path directory;
    private static LicenseTrackingServer server;

    @BeforeAll
    static void begin() throws Exception {
        server = new LicenseTrackingServer();
    }

    @AfterAll
    static void end() throws Exception {
        server.close();
    }

    @TestFactory
    List<DynamicTest> every_block_runs() throws Exception {
        List<DynamicTest> tests = new ArrayList<>();
        Documentation.blocks(Repository.DOCUMENTATION).forEach((heading, blocks) -> {
            if (!heading.equals(Documentation.PUBLISHED_SNIPPETS)) {
                blocks.forEach(block -> tests.add(dynamicTest(heading, () -> run(block))));
            }
        });
        assertFalse(tests.isEmpty());
        return tests;
    }

    @Test
    void the_readme_counts() throws Exception {
        long before = server.total();
        run(Documentation.blocks(Repository.README).get("Embed it").get(0));
        assertEquals(before + 1, server.total());
    }

    @Test
    void the_dozen_lines_count() throws Exception {
        long before = server.total();
        run(Documentation.blocks(Repository.DOCUMENTATION).get("Use").get(0));
        assertEquals(before + 1, server.total());
    }

    private void run(String block) throws Exception {
        String address = "parameters.mainServerURL = \"https://lts.example.com\";";
        assertTrue(block.contains(address), block);
        Documentation.run(block.replace(address, "parameters.mainServerURL = \"" + server.url() + "\";"
                + " parameters.dataDirectory = \"" + directory.resolve("data") + "\";"),
                "org.openlts.*", Files.createTempDirectory(directory, "snippet"));
    }
}
