"""The archives of the C and C++ library, unpacked and used by CMake and by pkg-config in an empty directory."""

from __future__ import annotations

import platform
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from packages import CODE, VERSION, need, package, run
from wine import Wine

PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(program LANGUAGES C)
if(APPLE)
  # CMake asks the machine that it runs on, which is no Mac.
  set(CMAKE_SHARED_LIBRARY_RUNTIME_C_FLAG -Wl,-rpath,)
endif()
find_package(openlts {version} EXACT CONFIG REQUIRED)
add_executable(program recorder.c)
target_compile_definitions(program PRIVATE _POSIX_C_SOURCE=200809L)
target_link_libraries(program PRIVATE openlts::openlts)
if(WIN32)
  add_custom_command(TARGET program POST_BUILD
    COMMAND ${{CMAKE_COMMAND}} -E copy $<TARGET_RUNTIME_DLLS:program> $<TARGET_FILE_DIR:program> COMMAND_EXPAND_LISTS)
endif()
"""

#: For another machine, as a toolchain file says it.
WINDOWS = """
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
"""
MACOS = """
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR {machine})
set(CMAKE_C_COMPILER {zig} {machine}-macos.12.0)
"""


def unpacked(target: str, empty: Path) -> Path:
    """The archive for a target, beside a program that uses it."""
    name = f"openlts-{VERSION}-{target}"
    if target.startswith("windows-"):
        with zipfile.ZipFile(package(f"{name}.zip")) as archive:
            archive.extractall(empty)
    else:
        with tarfile.open(package(f"{name}.tar.gz")) as archive:
            archive.extractall(empty, filter="data")
    shutil.copy(REPOSITORY / "conformance/platforms/recorder.c", empty)
    (empty / "CMakeLists.txt").write_text(PROJECT.format(version=VERSION))
    return empty / name


@pytest.fixture
def prefix(empty: Path) -> Path:
    return unpacked(f"linux-{platform.machine()}", empty)


def test_cmake_finds_it(prefix: Path, empty: Path, server: LTSServer) -> None:
    need("cmake")
    run("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=empty)
    run("cmake", "--build", "build", cwd=empty)
    run("build/program", server.url, CODE, "device", "5", cwd=empty)
    assert server.total() == 5


#: The second is what pkg-config does on Windows.
@pytest.mark.parametrize("prefixes", ["--dont-define-prefix", "--define-prefix"])
def test_pkg_config_finds_it(prefixes: str, prefix: Path, empty: Path, server: LTSServer) -> None:
    need("pkg-config", "cc")
    find = {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    assert run("pkg-config", "--modversion", "openlts", cwd=empty, environment=find) == VERSION + "\n"
    flags = run("pkg-config", prefixes, "--cflags", "--libs", "openlts", cwd=empty, environment=find).split()
    # Shipped beside the program.
    run("cc", "-D_POSIX_C_SOURCE=200809L", "recorder.c", *flags, "-Wl,-rpath,$ORIGIN", "-o", "program", cwd=empty)
    (empty / "libopenlts.so.0").write_bytes((prefix / "lib/libopenlts.so.0").read_bytes())
    run("./program", server.url, CODE, "device", "5", cwd=empty)
    assert server.total() == 5


def test_cmake_finds_the_one_for_windows(empty: Path, wine: Wine, server: LTSServer) -> None:
    need("cmake")
    prefix = unpacked("windows-x86_64", empty)
    assert {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()} == {
        "LICENSE",
        "LICENSE-THIRD-PARTY",
        "bin/openlts.dll",
        "lib/openlts.lib",
        *(f"lib/cmake/openlts/openltsConfig{part}.cmake" for part in ("", "Version")),
        "lib/pkgconfig/openlts.pc",
        *(f"include/openlts/{name}" for name in ("definitions.h", "openlts.h", "openlts.hpp")),
    }
    (empty / "windows.cmake").write_text(WINDOWS)
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={empty / 'windows.cmake'}"
    run("cmake", "-S", ".", "-B", "build", toolchain, f"-DCMAKE_PREFIX_PATH={prefix}", cwd=empty)
    run("cmake", "--build", "build", cwd=empty)
    host = wine.start(empty / "build/program.exe", server.url, CODE, "device", "5")
    host.communicate("\n", timeout=60)
    assert host.returncode == 0
    assert server.total() == 5


def test_pkg_config_finds_the_one_for_windows(empty: Path) -> None:
    need("pkg-config", "x86_64-w64-mingw32-gcc")
    find = {"PKG_CONFIG_PATH": str(unpacked("windows-x86_64", empty) / "lib/pkgconfig")}
    flags = run("pkg-config", "--define-prefix", "--cflags", "--libs", "openlts", cwd=empty, environment=find).split()
    run("x86_64-w64-mingw32-gcc", "recorder.c", *flags, "-o", "program.exe", cwd=empty)


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_cmake_links_with_the_one_for_macos(machine: str, empty: Path) -> None:
    """It is not run: no Mac is here."""
    need("cmake")
    prefix = unpacked(f"macos-{machine}", empty)
    (empty / "macos.cmake").write_text(MACOS.format(machine=machine, zig=REPOSITORY / "build/zig-cc"))
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={empty / 'macos.cmake'}"
    run("cmake", "-S", ".", "-B", "build", toolchain, f"-DCMAKE_PREFIX_PATH={prefix}", cwd=empty)
    run("cmake", "--build", "build", cwd=empty)
    assert b"@rpath/libopenlts.dylib\0" in (empty / "build/program").read_bytes()
