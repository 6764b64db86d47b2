"""The Conan package, made from a clone of the repository and used by CMake, by the commands of docs/cpp.md."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lts_server import REPOSITORY, LTSServer
from packages import need, run
from pages import commands, fenced

#: Where Go keeps what it compiled and fetched.
GO = ("GOCACHE", "GOMODCACHE", "GOPATH")


def test_conan_makes_and_finds_it(empty: Path, tmp_path: Path, server: LTSServer) -> None:
    need("cmake", "go", "c++")
    code = fenced("cpp.md", "cpp", "## A dozen lines")[0]
    (empty / "my_sdk.cpp").write_text(code.replace("https://lts.example.com", server.url))
    (empty / "CMakeLists.txt").write_text(fenced("cpp.md", "cmake", "### From a release")[0])
    (empty / "openlts").symlink_to(REPOSITORY)
    environment = {
        "CONAN_HOME": str(tmp_path / "conan"),
        "HOME": str(empty),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        **dict(zip(GO, run("go", "env", *GO, cwd=empty).splitlines())),
    }
    # No remotes: nothing but this recipe is asked for.
    run("conan", "remote", "disable", "*", cwd=empty, environment=environment)
    run("sh", "-e", "-c", commands("cpp.md", "### With Conan"), cwd=empty, environment=environment)
    assert server.total() == 1
