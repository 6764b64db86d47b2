"""What can be said of the vcpkg port without vcpkg: it names this version, and what CMake knows."""

from __future__ import annotations

import json
import re

from lts_server import REPOSITORY
from packages import VERSION

PORT = REPOSITORY / "build/vcpkg/openlts"


def test_the_port_is_of_this_version() -> None:
    assert json.loads((PORT / "vcpkg.json").read_text())["version"] == VERSION


def test_the_port_sets_what_cmake_knows() -> None:
    project = (REPOSITORY / "CMakeLists.txt").read_text()
    port = (PORT / "portfile.cmake").read_text()
    options = set(re.findall(r"-D(OPENLTS_\w+)=", port))
    assert options == set(re.findall(r"^option\((OPENLTS_\w+)", project, re.MULTILINE))
    assert "set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/openlts)" in project
    assert "CONFIG_PATH lib/cmake/openlts" in port
