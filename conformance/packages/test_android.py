"""The Android library: what Gradle finds in it, and a class of an app that is compiled with it."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from packages import VERSION, maven_cache, run

APP = """package example;

import android.app.Application;
import org.openlts.ConnectionParameters;
import org.openlts.android.AndroidLicensing;

public final class App extends Application {
    public ConnectionParameters parameters() {
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.handshakeCode = "100001-reader";
        return parameters;
    }

    public Class<?> licensing() {
        return AndroidLicensing.class;
    }
}
"""

#: Of each kind of processor: the library, and what Java calls it by.
ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
NATIVE = {f"jni/{abi}/{library}" for abi in ABIS for library in ("libopenlts.so", "libopenlts_jni.so")}

#: A project that has it from a repository, as Gradle's have.
PROJECT = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId>
  <artifactId>app</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <repositories>
    <repository><id>packages</id><url>{repository}</url></repository>
  </repositories>
  <dependencies>
    <dependency>
      <groupId>org.openlts</groupId><artifactId>openlts-android</artifactId><version>{version}</version>
      <type>aar</type>
    </dependency>
  </dependencies>
</project>
"""

#: The plugin that bindings/android/pom.xml has, too.
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def test_an_app_is_compiled_with_it(android_library: Path, empty: Path) -> None:
    with zipfile.ZipFile(android_library) as archive:
        names = set(archive.namelist())
        archive.extractall(empty)
    assert names >= {"AndroidManifest.xml", "LICENSE", "classes.jar", "proguard.txt", "R.txt"}
    assert {name for name in names if name.startswith("jni/")} == (
        NATIVE if os.environ.get("ANDROID_NDK_HOME") else set()
    )
    (empty / "App.java").write_text(APP)
    android = sorted((Path.home() / ".m2/repository/org/robolectric/android-all").glob("*/android-all-*.jar"))
    assert android, "Maven fetched Android's classes for bindings/android"
    path = os.pathsep.join(["classes.jar", str(android[0])])
    run("javac", "--release", "8", "-Xlint:-options", "-cp", path, "-d", "built", "App.java", cwd=empty)
    assert (empty / "built/example/App.class").exists()


def test_a_repository_serves_it(android_library: Path, empty: Path, tmp_path: Path) -> None:
    """By its POM, and with nothing else that it would need."""
    place = tmp_path / "packages/org/openlts/openlts-android" / VERSION
    place.mkdir(parents=True)
    for path in (android_library, android_library.with_suffix(".pom")):
        shutil.copy(path, place)
    text = PROJECT.format(version=VERSION, repository=(tmp_path / "packages").as_uri())
    (empty / "pom.xml").write_text(text)
    local = maven_cache(tmp_path / "cache")
    run("mvn", "--batch-mode", "-q", f"-Dmaven.repo.local={local}", COPY, "-DoutputDirectory=got", cwd=empty)
    assert [path.name for path in (empty / "got").iterdir()] == [android_library.name]
    assert (empty / "got" / android_library.name).read_bytes() == android_library.read_bytes()
