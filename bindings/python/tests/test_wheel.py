"""Wheels are tagged for the platform of the library inside. test_docs.py installs and uses one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from lts_server import REPOSITORY

import build_extension
from build_extension import obstacle
from wheel_tag import platform_tag

VERSION = (REPOSITORY / "VERSION").read_text().strip()


def copy_package(destination: Path) -> None:
    """Copies what a wheel is built from, without a library which may lie there."""
    ignored = shutil.ignore_patterns("lib", "tests", "_record.abi3.so", ".*_cache", "__pycache__")
    shutil.copytree(REPOSITORY / "bindings/python", destination, ignore=ignored)


def build_wheel(tmp_path: Path, library: Path | None) -> Path:
    source = tmp_path / "source"
    copy_package(source)
    if library is not None:
        (source / "src/openlts/lib").mkdir()
        shutil.copy(library, source / "src/openlts/lib/libopenlts.so.0")
    subprocess.run(
        [sys.executable, "-m", "pip", "-q", "wheel", "--no-build-isolation", "--no-deps", "-w", tmp_path, source],
        check=True,
        timeout=300,
    )
    (wheel,) = tmp_path.glob("*.whl")
    return wheel


@pytest.mark.skipif(sys.platform != "linux", reason="builds the Linux wheel")
def test_wheel_with_library(library_path: Path, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, library_path)
    machine = sysconfig.get_platform().partition("-")[2]
    assert wheel.name.startswith(f"openlts-{VERSION}-py3-none-manylinux_2_")
    assert wheel.name.endswith(f"_{machine}.whl")
    files = zipfile.ZipFile(wheel).namelist()
    assert "openlts/lib/libopenlts.so.0" in files
    assert ("openlts/_record.abi3.so" in files) == (obstacle() is None), obstacle()
    assert not [name for name in files if name.endswith(".c")]


def test_wheel_without_library(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, None)
    assert wheel.name == f"openlts-{VERSION}-py3-none-any.whl"
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".c", ".so"))]


USE = """
import sys, openlts
from openlts import recorder, _record
from openlts.library import loaded
openlts.load()
print(_record.__file__.startswith(sys.argv[1]), loaded().path.startswith(sys.argv[1]))
license = openlts.License(1)
try:
    license.record(openlts.OperationType.QR_CODE)
except openlts.LTSError as error:
    print(error.name)
"""


@pytest.mark.skipif(obstacle() is not None, reason=f"the extension can't be built: {obstacle()}")
def test_extension_in_a_wheel(library_path: Path, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, library_path)
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    ended = subprocess.run(
        [sys.executable, "-c", USE, str(site)],
        env=environment,
        timeout=300,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True True\nINVALID_HANDLE\n", "")


def without_compiler(*_: object) -> None:
    return None


def test_obstacles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "which", without_compiler)
    monkeypatch.setattr(sys, "argv", ["build_extension.py", str(tmp_path)])
    build_extension.main()
    assert "is not built, and ctypes does its work" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_platform_tag(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.write_bytes(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.3.4\0")
    assert platform_tag([library], "linux-x86_64") == "manylinux_2_34_x86_64"
    newer = tmp_path / "newer"
    newer.write_bytes(b"\0GLIBC_2.38\0")
    assert platform_tag([newer, library], "linux-x86_64") == "manylinux_2_38_x86_64"
    older = tmp_path / "older"
    older.write_bytes(b"\0GLIBC_2.2.5\0GLIBC_2.17\0")
    assert platform_tag([older], "linux-aarch64") == "manylinux_2_17_aarch64.manylinux2014_aarch64"
    assert platform_tag([library], "macosx-11.0-arm64") == "macosx_11_0_arm64"
    assert platform_tag([library], "win-amd64") == "win_amd64"
