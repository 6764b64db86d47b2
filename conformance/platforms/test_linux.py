"""The libraries for Linux as they are released: what they export and need, and that they count.

build/library --target has built them. That for another processor runs under qemu-user.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from platforms import outlives_a_kill, output

#: The newest glibc that may be needed, and how large a library may be.
GLIBC = (2, 17)
LARGEST = 9 * 1024 * 1024
LARGEST_WHEEL = 4 * 1024 * 1024


@dataclass(frozen=True)
class Target:
    name: str
    machine: str
    emulator: tuple[str, ...]

    @property
    def library(self) -> Path:
        return REPOSITORY / "out/lib" / f"linux-{self.machine}" / "libopenlts.so.0"


TARGETS = [
    Target("linux-x86_64", "x86_64", ("qemu-x86_64", "-L", "/usr/x86_64-linux-gnu")),
    Target("linux-aarch64", "aarch64", ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")),
]


@pytest.fixture(params=TARGETS, ids=lambda target: target.name)
def target(request: pytest.FixtureRequest) -> Target:
    target: Target = request.param
    if not target.library.exists():
        missing = f"there is no {target.library}: run build/library --target {target.name}"
        (pytest.fail if platform.machine() == target.machine else pytest.skip)(missing)
    return target


def host(target: Target, source: str, directory: Path) -> list[str]:
    """The command that runs a host in C, compiled for the target."""
    program = directory / Path(source).stem
    compiler = [REPOSITORY / "build/zig-cc", f"{target.machine}-linux-gnu.2.17"]
    flags = [
        "-std=c11",
        "-O1",
        "-D_POSIX_C_SOURCE=200809L",
        "-I",
        REPOSITORY / "include",
        "-I",
        REPOSITORY / "capi/test",
    ]
    output(*compiler, *flags, REPOSITORY / source, target.library, "-o", program)
    if platform.machine() == target.machine:
        return [str(program)]
    if shutil.which(target.emulator[0]) is None:
        pytest.skip(f"{target.emulator[0]} is not here to run it: build/bootstrap all installs it")
    return [*target.emulator, "-E", f"LD_LIBRARY_PATH={target.library.parent}", str(program)]


def environment(target: Target) -> dict[str, str]:
    return {"LD_LIBRARY_PATH": str(target.library.parent), "HOME": "/nonexistent"}


def test_a_wheel_carries_it(target: Target, tmp_path: Path) -> None:
    """A wheel for every Linux since glibc 2.17, installed and used where nothing else is."""
    built = output(REPOSITORY / "build/wheel", target.name, tmp_path / "wheels").strip()
    tags = rf"manylinux_2_17_{target.machine}\.manylinux2014_{target.machine}"
    assert re.fullmatch(rf"openlts-[\d.]+-py3-none-{tags}\.whl", Path(built).name)
    assert Path(built).stat().st_size <= LARGEST_WHEEL
    shown = output(sys.executable, "-m", "auditwheel", "show", built)
    assert f'"manylinux_2_17_{target.machine}"' in shown
    if platform.machine() != target.machine:
        return
    output(sys.executable, "-m", "venv", tmp_path / "venv")
    output(tmp_path / "venv/bin/pip", "-q", "install", "--no-index", built)
    use = "from openlts import *; print(load()); print(device_uuid(ConnectionParameters(data_directory='.')))"
    result = subprocess.run(
        [tmp_path / "venv/bin/python", "-c", use], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=300
    )
    path, uuid = result.stdout.split()
    assert Path(path).is_relative_to(tmp_path / "venv")
    assert len(uuid) == 36


def test_exports_the_functions_of_the_header(target: Target) -> None:
    output(REPOSITORY / "capi/test/symbols_test.sh", target.library, REPOSITORY / "include/openlts/openlts.h")


def test_needs_an_old_glibc_only(target: Target) -> None:
    versions = re.findall(r"\bGLIBC_(\d+)\.(\d+)", output("readelf", "-W", "--dyn-syms", "-V", target.library))
    assert versions
    assert max((int(major), int(minor)) for major, minor in versions) <= GLIBC
    needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\.so", output("readelf", "-d", target.library)))
    assert needed <= {"libc", "libpthread", "libdl", "libresolv", "libm", "librt", "ld-linux-aarch64"}


def test_is_small(target: Target) -> None:
    assert target.library.stat().st_size <= LARGEST


def test_takes_abuse(target: Target, server: LTSServer, tmp_path: Path) -> None:
    command = host(target, "capi/test/robustness.c", tmp_path)
    result = subprocess.run(
        [*command, server.url, "100001-reader", tmp_path / "device"],
        env=environment(target),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert server.total() == 1


def test_counts_what_a_killed_host_recorded(target: Target, server: LTSServer, tmp_path: Path) -> None:
    command = host(target, "conformance/platforms/recorder.c", tmp_path)

    def start(count: int) -> subprocess.Popen[str]:
        arguments = [*command, server.url, "100001-reader", str(tmp_path / "device"), str(count)]
        return subprocess.Popen(
            arguments, env=environment(target), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    outlives_a_kill(start, server)


def for_musl(source: str, directory: Path, *linked: object) -> Path:
    """A program in C that runs on musl; there is musl for this machine's processor alone."""
    if shutil.which("musl-gcc") is None:
        pytest.skip("musl-gcc is not here: build/bootstrap all installs it")
    program = directory / Path(source).stem
    flags = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-I", REPOSITORY / "include"]
    output("musl-gcc", *flags, REPOSITORY / source, *linked, "-o", program)
    return program


def released_here() -> Path:
    return REPOSITORY / f"out/lib/linux-{platform.machine()}/libopenlts.so.0"


def test_musl_does_not_open_it(tmp_path: Path) -> None:
    """With the words of docs/cpp.md. Go's code needs a place for its threads that only the start of a program gives."""
    program = for_musl("conformance/platforms/opener.c", tmp_path)
    result = subprocess.run([program, released_here()], capture_output=True, text=True, timeout=240, check=False)
    assert (result.returncode, result.stderr) == (1, "")
    (refusal,) = re.findall(r"^ {4}(Error relocating .*)\n", (REPOSITORY / "docs/cpp.md").read_text(), re.MULTILINE)
    assert re.fullmatch(".*".join(map(re.escape, refusal.split("..."))) + "\n", result.stdout)


def test_a_program_that_is_linked_with_it_counts_on_musl(server: LTSServer, tmp_path: Path) -> None:
    library = released_here()
    program = for_musl("conformance/platforms/recorder.c", tmp_path, library, f"-Wl,-rpath,{library.parent}")

    def start(count: int) -> subprocess.Popen[str]:
        arguments = [program, server.url, "100001-reader", tmp_path / "device", str(count)]
        return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    outlives_a_kill(start, server)
