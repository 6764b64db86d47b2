"""The jars, taken from a repository by Maven projects in an empty directory, and on a module path."""

from __future__ import annotations

import hashlib
import platform
import re
import stat
import zipfile
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from packages import CODE, PACKAGES, VERSION, header_functions, maven_cache, need, package, run
from pe import AMD64, SYSTEM_LIBRARIES, pe_tables
from windows import java_for_windows
from wine import Wine, windows_path

JAVA = "bindings/java/src/main/java"
CLASSIFIER = {"x86_64": "linux-x86_64", "aarch64": "linux-aarch_64"}[platform.machine()]

PROJECT = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>program</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>8</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <repositories>
    <repository><id>packages</id><url>{repository}</url></repository>
  </repositories>
  <dependencies>
    <dependency>
      <groupId>org.openlts</groupId><artifactId>openlts</artifactId><version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.openlts</groupId><artifactId>openlts</artifactId><version>{version}</version>
      <classifier>${{os.detected.classifier}}</classifier><scope>runtime</scope>
    </dependency>
    <dependency>
      <groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId><version>5.11.4</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
  <build>
    <extensions>
      <extension>
        <groupId>kr.motd.maven</groupId><artifactId>os-maven-plugin</artifactId><version>1.7.1</version>
      </extension>
    </extensions>
    <pluginManagement><plugins>
      <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
      <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
      <plugin><artifactId>maven-surefire-plugin</artifactId><version>3.5.2</version></plugin>
    </plugins></pluginManagement>
  </build>
</project>
"""

COUNT = """
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = System.getProperty("url");
        parameters.handshakeCode = System.getProperty("code");
        parameters.dataDirectory = "device";
        try (License license = License.fromLTS(parameters)) {
            license.record(OperationType.QR_CODE, 9);
        }
"""

TEST = f"""
import org.junit.jupiter.api.Test;
import org.openlts.*;

class ProgramTest {{
    @Test
    void counts() throws Exception {{{COUNT}    }}
}}
"""

MODULE = f"""package program;

import org.openlts.*;

public final class Program {{
    public static void main(String[] arguments) throws Exception {{{COUNT}
        System.out.println(License.class.getModule());
    }}
}}
"""


def repository(directory: Path) -> Path:
    """What a release puts into a Maven repository."""
    place = directory / "packages/org/openlts/openlts" / VERSION
    place.mkdir(parents=True)
    for path in [*PACKAGES.glob("*.jar"), package(f"openlts-{VERSION}.pom")]:
        (place / path.name).symlink_to(path)
    return directory / "packages"


@pytest.fixture
def properties(server: LTSServer, tmp_path: Path) -> list[str]:
    need("java", "mvn")
    (tmp_path / "unpacked").mkdir()
    return [f"-Durl={server.url}", f"-Dcode={CODE}", f"-Djava.io.tmpdir={tmp_path / 'unpacked'}"]


def check_unpacked(tmp_path: Path) -> None:
    """Once, into a directory that is named by its content and belongs to the user alone."""
    (directory,) = [path for path in (tmp_path / "unpacked").iterdir() if path.name.startswith("openlts-")]
    assert len(directory.name.rsplit("-", 1)[1]) == 64
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert [path.name for path in directory.iterdir()] == ["libopenlts.so.0"]


def test_the_one_for_windows() -> None:
    """The library, its sum, and a shim that needs nothing else and exports what the Java class declares."""
    jar = zipfile.ZipFile(package(f"openlts-{VERSION}-windows-x86_64.jar"))
    place = "native/windows-x86_64"
    names = {"openlts.dll", "openlts.dll.sha256", "openlts_jni.dll"}
    assert {name for name in jar.namelist() if not name.endswith("/")} == {
        "META-INF/LICENSE",
        "META-INF/LICENSE-THIRD-PARTY",
        *(f"{place}/{name}" for name in names),
    }
    library = jar.read(f"{place}/openlts.dll")
    assert jar.read(f"{place}/openlts.dll.sha256").decode().strip() == hashlib.sha256(library).hexdigest()
    machine, exported, needed = pe_tables(library)
    assert (machine, exported) == (AMD64, set(header_functions()))
    machine, exported, needed = pe_tables(jar.read(f"{place}/openlts_jni.dll"))
    declared = re.findall(r"native \w+ (\w+)\(", (REPOSITORY / JAVA / "org/openlts/Native.java").read_text())
    assert declared
    natives = {f"Java_org_openlts_Native_{name}" for name in declared}
    assert (machine, exported) == (AMD64, {"JNI_OnLoad", "JNI_OnUnload", *natives})
    assert needed - SYSTEM_LIBRARIES == {"openlts.dll"}


def test_a_maven_project_uses_them(properties: list[str], empty: Path, tmp_path: Path, server: LTSServer) -> None:
    (empty / "pom.xml").write_text(PROJECT.format(version=VERSION, repository=repository(tmp_path).as_uri()))
    (empty / "src/test/java").mkdir(parents=True)
    (empty / "src/test/java/ProgramTest.java").write_text(TEST)
    local = maven_cache(tmp_path / "cache")
    run("mvn", "--batch-mode", "-q", f"-Dmaven.repo.local={local}", *properties, "test", cwd=empty)
    assert server.total() == 9
    check_unpacked(tmp_path)


def test_a_module_uses_them(properties: list[str], empty: Path, tmp_path: Path, server: LTSServer) -> None:
    (empty / "program").mkdir()
    (empty / "program/Program.java").write_text(MODULE)
    (empty / "module-info.java").write_text("module program { requires org.openlts; }")
    code, native = package(f"openlts-{VERSION}.jar"), package(f"openlts-{VERSION}-{CLASSIFIER}.jar")
    run("javac", "-p", code, "-d", "built", "module-info.java", "program/Program.java", cwd=empty)
    command = ("java", *properties, "-p", f"built:{code}", "-cp", native, "-m", "program/program.Program")
    for _ in range(2):
        assert run(*command, cwd=empty) == "module org.openlts\n"
    assert server.total() == 18
    check_unpacked(tmp_path)


def test_a_program_on_windows_uses_them(empty: Path, wine: Wine, server: LTSServer) -> None:
    """OpenJDK for Windows, under Wine; a module as above, which is unpacked once as well."""
    need("javac")
    (empty / "program").mkdir()
    (empty / "program/Program.java").write_text(MODULE)
    (empty / "module-info.java").write_text("module program { requires org.openlts; }")
    code, native = (package(f"openlts-{VERSION}{part}.jar") for part in ("", "-windows-x86_64"))
    options = ("--release", "11", "-d", "built")
    run("javac", *options, "-p", code, "module-info.java", "program/Program.java", cwd=empty)
    (empty / "unpacked").mkdir()
    properties = (f"-Durl={server.url}", f"-Dcode={CODE}", f"-Djava.io.tmpdir={windows_path(empty / 'unpacked')}")
    modules = f"built;{windows_path(code)}"
    start = (*properties, "-p", modules, "-cp", windows_path(native), "-m", "program/program.Program")
    for _ in range(2):
        said = wine.run(java_for_windows(), *start, cwd=empty)
        assert said.splitlines()[-1] == "module org.openlts"
    assert server.total() == 18
    (directory,) = (path for path in (empty / "unpacked").iterdir() if path.name.startswith("openlts-"))
    assert len(directory.name.rsplit("-", 1)[1]) == 64
    # Windows lets nobody delete a shim that is loaded: the next one does, an hour later.
    names = {path.name for path in directory.iterdir() if not path.name.endswith("openlts_jni.dll")}
    assert names == {"openlts.dll"}


def test_they_are_documented() -> None:
    """By the two jars that a repository asks for."""
    with zipfile.ZipFile(package(f"openlts-{VERSION}-sources.jar")) as archive:
        assert "org/openlts/License.java" in archive.namelist()
    with zipfile.ZipFile(package(f"openlts-{VERSION}-javadoc.jar")) as archive:
        assert {"index.html", "org/openlts/License.html"} <= set(archive.namelist())
