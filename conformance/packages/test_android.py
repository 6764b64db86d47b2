"""The Android library: what Gradle finds in it, and a class of an app that is compiled with it."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from lts_server import REPOSITORY
from packages import VERSION, need, package, run

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


def test_an_app_is_compiled_with_it(empty: Path) -> None:
    need("javac", "mvn")
    if os.environ.get("ANDROID_NDK_HOME"):
        library = package(f"openlts-android-{VERSION}.aar")
    else:
        print("without the NDK, there are no native libraries in it")
        run("build/android", "--classes-only", cwd=REPOSITORY)
        library = REPOSITORY / f"out/android/openlts-android-{VERSION}.aar"
    with zipfile.ZipFile(library) as archive:
        names = set(archive.namelist())
        archive.extractall(empty)
    assert names >= {"AndroidManifest.xml", "classes.jar", "proguard.txt", "R.txt"}
    assert {name for name in names if name.startswith("jni/")} == (
        NATIVE if os.environ.get("ANDROID_NDK_HOME") else set()
    )
    (empty / "App.java").write_text(APP)
    android = sorted((Path.home() / ".m2/repository/org/robolectric/android-all").glob("*/android-all-*.jar"))
    assert android, "Maven fetched Android's classes for bindings/android"
    path = os.pathsep.join(["classes.jar", str(android[0])])
    run("javac", "--release", "8", "-Xlint:-options", "-cp", path, "-d", "built", "App.java", cwd=empty)
    assert (empty / "built/example/App.class").exists()
