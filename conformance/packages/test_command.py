"""The archives of the server and its command."""

from __future__ import annotations

import platform
import re
import shutil
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest
from lts_server import LTSServer
from packages import CODE, VERSION, package, run

MACHINES = ("x86_64", "aarch64")


def unpack(machine: str, directory: Path) -> Path:
    name = f"lts-{VERSION}-linux-{machine}"
    with tarfile.open(package(f"{name}.tar.gz")) as archive:
        archive.extractall(directory, filter="data")
    assert {path.name for path in (directory / name).iterdir()} == {"LICENSE", "LICENSE-THIRD-PARTY", "lts"}
    return directory / name / "lts"


@pytest.mark.parametrize("machine", MACHINES)
def test_the_command_runs(machine: str, empty: Path) -> None:
    command: list[object] = [unpack(machine, empty)]
    if machine != platform.machine():
        emulator = f"qemu-{machine}"
        if shutil.which(emulator) is None:
            pytest.skip(f"{emulator} is not here to run it: build/bootstrap all installs it")
        command = [emulator, "-L", f"/usr/{machine}-linux-gnu", *command]
    assert VERSION in run(*command, "--version", cwd=empty)


@pytest.mark.parametrize("machine", MACHINES)
def test_it_needs_no_newer_glibc_than_the_library(machine: str, empty: Path) -> None:
    symbols = run("readelf", "--wide", "--version-info", unpack(machine, empty), cwd=empty)
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([\d.]+)", symbols)}
    assert versions
    assert max(versions) <= (2, 17)


def test_the_server_serves(empty: Path) -> None:
    """An item is there once the server goes on after a restart; and its pages have their scripts."""
    command = unpack(platform.machine(), empty)
    server = LTSServer(command)
    for _ in range(2):
        server.start()
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=300) as answer:
                assert answer.status == 200
        finally:
            server.stop()
    assert CODE in server.run("handshake", "list")
    assert server.total() == 0
    assert b"uPlot" in command.read_bytes()


def test_windows() -> None:
    """test_windows.py of conformance/platforms runs the same program under Wine."""
    name = f"lts-{VERSION}-windows-x86_64"
    with zipfile.ZipFile(package(f"{name}.zip")) as archive:
        assert set(archive.namelist()) == {f"{name}/{file}" for file in ("LICENSE", "LICENSE-THIRD-PARTY", "lts.exe")}
        assert archive.read(f"{name}/lts.exe")[:2] == b"MZ"
