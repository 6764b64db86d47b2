"""The Conan package, made from a copy of the repository and used by CMake in an empty directory."""

from __future__ import annotations

import sys
from pathlib import Path

from lts_server import REPOSITORY, LTSServer
from packages import CODE, VERSION, need, run

CONAN = Path(sys.executable).parent / "conan"

PROJECT = """
cmake_minimum_required(VERSION 3.16)
project(program LANGUAGES C CXX)
find_package(openlts {version} CONFIG REQUIRED)
add_executable(program recorder.c)
target_compile_definitions(program PRIVATE _POSIX_C_SOURCE=200809L)
target_link_libraries(program PRIVATE openlts::openlts)
add_executable(program_cpp main.cpp)
target_link_libraries(program_cpp PRIVATE openlts::cpp)
"""

CONANFILE = """
[requires]
openlts/{version}
[generators]
CMakeDeps
CMakeToolchain
[layout]
cmake_layout
"""


def test_conan_makes_and_finds_it(empty: Path, server: LTSServer) -> None:
    need("cmake", "go")
    # No remotes: nothing but this recipe is asked for.
    own = {"CONAN_HOME": str(empty / "conan")}
    conan = [str(CONAN)]
    run(*conan, "profile", "detect", cwd=empty, environment=own)
    run(*conan, "remote", "disable", "*", cwd=empty, environment=own)
    run(*conan, "create", str(REPOSITORY), cwd=empty, environment=own)

    (empty / "recorder.c").write_bytes((REPOSITORY / "conformance/platforms/recorder.c").read_bytes())
    (empty / "main.cpp").write_text("#include <openlts/openlts.hpp>\nint main() { return LTS_Version() == nullptr; }\n")
    (empty / "CMakeLists.txt").write_text(PROJECT.format(version=VERSION))
    (empty / "conanfile.txt").write_text(CONANFILE.format(version=VERSION))
    run(*conan, "install", ".", cwd=empty, environment=own)
    run("cmake", "--preset", "conan-release", cwd=empty)
    run("cmake", "--build", "--preset", "conan-release", cwd=empty)
    binaries = empty / "build/Release"
    run(str(binaries / "program_cpp"), cwd=empty)
    run(str(binaries / "program"), server.url, CODE, "device", "5", cwd=empty)
    assert server.total() == 5


def test_the_documents_name_this_version() -> None:
    assert f"--requires openlts/{VERSION} " in (REPOSITORY / "docs/cpp.md").read_text()
