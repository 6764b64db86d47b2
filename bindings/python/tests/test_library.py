"""Loading the native library: where it is looked for, and one clear sentence for each way it can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lts_server import environment_of_children

import openlts
from openlts import LibraryError, StatusCode, library


def load_in_a_child(path: Path) -> str:
    """What openlts.load(path) says in a process of its own, where no library is loaded yet."""
    program = "import sys, openlts\ntry: openlts.load(sys.argv[1])\nexcept openlts.LibraryError as e: print(e)"
    result = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=environment_of_children(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def compile_library(source: str, path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler here to build a library for this test")
    path.with_suffix(".c").write_text(source)
    subprocess.run([compiler, "-shared", "-fPIC", path.with_suffix(".c"), "-o", path], check=True, timeout=120)


def test_loading_again_does_nothing(library_path: Path) -> None:
    openlts.load(library_path)
    openlts.load()
    assert library.loaded().path == str(library_path)


def test_another_library_is_refused(library_path: Path, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="loaded already") as failed:
        openlts.load(tmp_path / "other.so")
    assert str(library_path) in failed.value.message


def test_missing_file(tmp_path: Path) -> None:
    said = load_in_a_child(tmp_path / "absent.so")
    assert said.startswith(f"There is no OpenLTS library at {tmp_path}/absent.so")
    assert f"{StatusCode.LICENSE_CLIENT_DLL_MISSING:d}" in said


def test_missing_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "SYSTEM_NAME", "libopenlts-nowhere.so.0")
    with pytest.raises(LibraryError) as failed:
        library._open(library._find())
    assert failed.value.message.startswith("The OpenLTS library is missing")
    assert "openlts.load" in failed.value.message
    assert failed.value.status == StatusCode.LICENSE_CLIENT_DLL_MISSING


def test_packaged_library_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PACKAGED_DIRECTORY", tmp_path)
    assert library._find() == library.SYSTEM_NAME
    packaged = tmp_path / library.SYSTEM_NAME
    packaged.touch()
    assert library._find() == str(packaged)


def test_not_a_library(tmp_path: Path) -> None:
    path = tmp_path / "text.so"
    path.write_text("not a library")
    assert load_in_a_child(path).startswith(f"The OpenLTS library {path} can't be loaded")


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_wrong_architecture(library_path: Path, tmp_path: Path) -> None:
    header = bytearray(library_path.read_bytes())
    here = int.from_bytes(header[18:20], "little")
    header[18:20] = (62 if here == 183 else 183).to_bytes(2, "little")
    path = tmp_path / "foreign.so"
    path.write_bytes(header)
    said = load_in_a_child(path)
    assert f"{path} is built for {'x86_64' if here == 183 else 'aarch64'} and this Python for" in said


def test_musl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_runs_on_musl", lambda: True)
    path = tmp_path / "text.so"
    path.write_text("not loadable")
    with pytest.raises(LibraryError, match="needs glibc, and this Python runs on musl"):
        library._open(str(path))


def test_foreign_library(tmp_path: Path) -> None:
    path = tmp_path / "foreign.so"
    compile_library("int something_else(void) { return 1; }", path)
    said = load_in_a_child(path)
    assert said.startswith(f"{path} is not the OpenLTS library")
    assert "LTS_ABIVersion" in said


def test_other_abi_version(tmp_path: Path) -> None:
    path = tmp_path / "newer.so"
    compile_library("int LTS_ABIVersion(void) { return 2; }", path)
    said = load_in_a_child(path)
    assert "has version 2 of the binary interface" in said
    assert "requires version 1" in said
    assert "ABI_MISMATCH" in said
