"""The archive of the C and C++ library, unpacked and used by CMake and by pkg-config in an empty directory."""

from __future__ import annotations

import platform
import tarfile
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from packages import CODE, VERSION, need, package, run

PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(program LANGUAGES C)
find_package(openlts {version} EXACT CONFIG REQUIRED)
add_executable(program recorder.c)
target_compile_definitions(program PRIVATE _POSIX_C_SOURCE=200809L)
target_link_libraries(program PRIVATE openlts::openlts)
"""


@pytest.fixture
def prefix(empty: Path) -> Path:
    name = f"openlts-{VERSION}-linux-{platform.machine()}"
    with tarfile.open(package(name + ".tar.gz")) as archive:
        archive.extractall(empty)
    (empty / "recorder.c").write_bytes((REPOSITORY / "conformance/platforms/recorder.c").read_bytes())
    return empty / name


def test_cmake_finds_it(prefix: Path, empty: Path, server: LTSServer) -> None:
    need("cmake")
    (empty / "CMakeLists.txt").write_text(PROJECT.format(version=VERSION))
    run("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=empty)
    run("cmake", "--build", "build", cwd=empty)
    run("build/program", server.url, CODE, "device", "5", cwd=empty)
    assert server.total() == 5


def test_pkg_config_finds_it(prefix: Path, empty: Path, server: LTSServer) -> None:
    need("pkg-config", "cc")
    find = {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    assert run("pkg-config", "--modversion", "openlts", cwd=empty, environment=find) == VERSION + "\n"
    flags = run("pkg-config", "--cflags", "--libs", "openlts", cwd=empty, environment=find).split()
    # Shipped beside the program.
    run("cc", "-D_POSIX_C_SOURCE=200809L", "recorder.c", *flags, "-Wl,-rpath,$ORIGIN", "-o", "program", cwd=empty)
    (empty / "libopenlts.so.0").write_bytes((prefix / "lib/libopenlts.so.0").read_bytes())
    run("./program", server.url, CODE, "device", "5", cwd=empty)
    assert server.total() == 5
