package org.openlts;

import java.nio.file.Path;
import java.nio.file.Paths;

/** Places in the source tree, told by pom.xml. */
public final class Repository {
    public static final Path ROOT = Paths.get(System.getProperty("openlts.root")).toAbsolutePath().normalize();
    static final Path COMMAND = Paths.get(System.getProperty("openlts.command")).toAbsolutePath().normalize();
    static final Path HEADER = ROOT.resolve("include/openlts/openlts.h");
    public static final Path DOCUMENTATION = ROOT.resolve("docs/java.md");
    static final Path README = ROOT.resolve("README.md");
    static final Path DEFINITIONS = ROOT.resolve("conformance/definitions.json");
    static final Path SOURCES = ROOT.resolve("bindings/java/src/main/java/org/openlts");

    private Repository() {}
}
