"""Wheels are tagged for the platform of the library inside. test_docs.py installs and uses one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from lts_server import REPOSITORY

from wheel_tag import platform_tag


def copy_package(destination: Path) -> None:
    """Copies what a wheel is built from, without a library which may lie there."""
    ignored = shutil.ignore_patterns("lib", "tests", ".*_cache", "__pycache__")
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
    assert wheel.name.startswith("openlts-0.1.0-py3-none-manylinux_2_")
    assert wheel.name.endswith(f"_{machine}.whl")


def test_wheel_without_library(tmp_path: Path) -> None:
    assert build_wheel(tmp_path, None).name == "openlts-0.1.0-py3-none-any.whl"


def test_platform_tag(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.write_bytes(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.3.4\0")
    assert platform_tag(library, "linux-x86_64") == "manylinux_2_34_x86_64"
    assert platform_tag(library, "macosx-11.0-arm64") == "macosx_11_0_arm64"
    assert platform_tag(library, "win-amd64") == "win_amd64"
