"""The vcpkg port. vcpkg can't be had here: vcpkg.cmake plays its part, and what it makes is used as by its users."""

from __future__ import annotations

import json
import re
from pathlib import Path

from lts_server import REPOSITORY, LTSServer
from packages import CODE, VERSION, need, run

PORT = REPOSITORY / "build/vcpkg/openlts"

PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(program LANGUAGES C CXX)
find_package(openlts CONFIG REQUIRED)
add_executable(program recorder.c)
target_compile_definitions(program PRIVATE _POSIX_C_SOURCE=200809L)
target_link_libraries(program PRIVATE openlts::openlts)
"""


def test_the_port_is_of_this_version() -> None:
    assert json.loads((PORT / "vcpkg.json").read_text())["version"] == VERSION


def test_the_port_sets_what_cmake_knows() -> None:
    project = (REPOSITORY / "CMakeLists.txt").read_text()
    port = (PORT / "portfile.cmake").read_text()
    options = set(re.findall(r"-D(OPENLTS_\w+)=", port))
    assert options == set(re.findall(r"^option\((OPENLTS_\w+)", project, re.MULTILINE))


def test_what_it_installs_is_found(empty: Path, tmp_path: Path, server: LTSServer) -> None:
    need("cmake", "go", "pkg-config", "cc")
    made = tmp_path / "packages/openlts_x64-linux"
    variables = {
        "PORT": "openlts",
        "CURRENT_PORT_DIR": PORT,
        "CURRENT_PACKAGES_DIR": made,
        "CURRENT_BUILDTREES_DIR": tmp_path / "trees",
    }
    options = [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
    run("cmake", *options, "-P", REPOSITORY / "conformance/packages/vcpkg.cmake", cwd=tmp_path, seconds=500)
    # What vcpkg refuses in a package: headers and CMake files of the second build, CMake files elsewhere than in
    # share, no copyright, empty folders, paths of where it was made.
    assert {str(path.relative_to(made)) for path in made.rglob("*") if not path.is_dir()} == {
        *(f"include/openlts/{name}" for name in ("definitions.h", "openlts.h", "openlts.hpp")),
        *(f"{kind}lib/{name}" for kind in ("", "debug/") for name in ("libopenlts.so", "libopenlts.so.0")),
        *(f"{kind}lib/pkgconfig/openlts.pc" for kind in ("", "debug/")),
        *(f"share/openlts/openltsConfig{part}.cmake" for part in ("", "Version")),
        "share/openlts/copyright",
    }
    assert not [path for path in made.rglob("*") if path.is_dir() and not any(path.iterdir())]
    for path in (*made.rglob("*.cmake"), *made.rglob("*.pc")):
        assert str(tmp_path) not in path.read_text(), path

    # Installed, it lies elsewhere.
    installed = made.rename(tmp_path / "installed")
    (empty / "recorder.c").write_bytes((REPOSITORY / "conformance/platforms/recorder.c").read_bytes())
    (empty / "CMakeLists.txt").write_text(PROJECT)
    run("cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={installed}", cwd=empty)
    run("cmake", "--build", "build", cwd=empty)
    run("build/program", server.url, CODE, "device", "5", cwd=empty)
    for kind in ("", "debug/"):
        library = installed / f"{kind}lib"
        find = {"PKG_CONFIG_PATH": str(library / "pkgconfig")}
        flags = run("pkg-config", "--cflags", "--libs", "openlts", cwd=empty, environment=find).split()
        compiler = ("cc", "-D_POSIX_C_SOURCE=200809L", "recorder.c")
        run(*compiler, *flags, f"-Wl,-rpath,{library}", "-o", "linked", cwd=empty)
        run("./linked", server.url, CODE, "device", "5", cwd=empty)
    assert server.total() == 15
