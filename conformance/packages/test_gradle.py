"""The jars and the Android library, taken from a repository by Gradle projects in an empty directory."""

from __future__ import annotations

import platform
import re
import shutil
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from packages import CODE, PACKAGES, VERSION, need, package, run
from pages import fenced

PROGRAM = f"""
import org.openlts.*;

public final class Program {{
    public static void main(String[] arguments) throws Exception {{
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = arguments[0];
        parameters.handshakeCode = "{CODE}";
        parameters.dataDirectory = "device";
        try (License license = License.fromLTS(parameters)) {{
            license.record(OperationType.QR_CODE, 8);
        }}
    }}
}}
"""

REPOSITORIES = """
repositories {
    maven { url = uri('packages') }
}
"""

#: A task that starts the program as an application's user would.
BUILD = """
apply plugin: 'java'
%s
task start(type: JavaExec, dependsOn: classes) {
    main = 'Program'
    classpath = sourceSets.main.runtimeClasspath
    args = [project.property('url')]
}
"""

#: What an app would get.
FETCH = """
configurations { fetched }
%s
task fetch(type: Copy) {
    from configurations.fetched
    into 'got'
}
"""


@pytest.fixture
def gradle(empty: Path, tmp_path: Path) -> list[object]:
    """Gradle without its daemon, which would outlive the test, and without any registry."""
    need("gradle")
    (empty / "settings.gradle").write_text("rootProject.name = 'program'\n")
    return ["gradle", "--no-daemon", "--offline", "-q", "--gradle-user-home", tmp_path / "gradle"]


def serve(artifact: str, directory: Path, *paths: Path) -> None:
    """What a release puts into a Maven repository."""
    place = directory / "packages/org/openlts" / artifact / VERSION
    place.mkdir(parents=True)
    for path in paths:
        shutil.copy(path, place)


def test_a_program_uses_the_jars(gradle: list[object], empty: Path, server: LTSServer) -> None:
    """By the dependencies that docs/java.md shows."""
    if platform.machine() != "x86_64":
        pytest.skip("the page names the library for x86-64")
    serve("openlts", empty, *PACKAGES.glob("*.jar"), package(f"openlts-{VERSION}.pom"))
    (dependencies,) = fenced("java.md", "groovy", "### Dependencies")
    (empty / "build.gradle").write_text(BUILD % (REPOSITORIES + dependencies))
    (empty / "src/main/java").mkdir(parents=True)
    (empty / "src/main/java/Program.java").write_text(PROGRAM)
    run(*gradle, f"-Purl={server.url}", "start", cwd=empty)
    assert server.total() == 8


def test_an_app_gets_the_android_library(gradle: list[object], android_library: Path, empty: Path) -> None:
    """As docs/android.md names it, and nothing else with it."""
    serve("openlts-android", empty, android_library, android_library.with_suffix(".pom"))
    page = (REPOSITORY / "docs/android.md").read_text()
    (named,) = re.findall(r"`implementation ('org\.openlts:openlts-android:[^']*')`", page)
    dependencies = f"dependencies {{ fetched {named} }}"
    (empty / "build.gradle").write_text(FETCH % (REPOSITORIES + dependencies))
    run(*gradle, "fetch", cwd=empty)
    assert [path.name for path in (empty / "got").iterdir()] == [android_library.name]
