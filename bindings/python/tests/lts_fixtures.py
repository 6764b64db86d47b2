"""Options and fixtures: the native library, a real server, licenses that are closed again.

The tests of the binding use them, and those of the example built on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from lts_server import REPOSITORY, LTSServer

import openlts

OpenLicense = Callable[..., openlts.License]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("openlts")
    group.addoption(
        "--openlts-library", type=Path, default=REPOSITORY / "out/lib/libopenlts.so", help="the native library to test"
    )
    group.addoption("--lts", type=Path, default=REPOSITORY / "out/bin/lts", help="the server command to test against")


@pytest.fixture(scope="session")
def library_path(pytestconfig: pytest.Config) -> Path:
    path: Path = pytestconfig.getoption("--openlts-library")
    if not path.exists():
        pytest.exit(f"There is no library at {path} to test: build it first, or name it by --openlts-library.", 2)
    return path.resolve()


@pytest.fixture(scope="session", autouse=True)
def _loaded(library_path: Path) -> None:
    openlts.load(library_path)


@pytest.fixture
def server(pytestconfig: pytest.Config) -> Iterator[LTSServer]:
    """A running server with the fixture `standard` and nothing counted yet."""
    command: Path = pytestconfig.getoption("--lts")
    if not command.exists():
        pytest.exit(f"There is no server at {command} to test against: build it first, or name it by --lts.", 2)
    server = LTSServer(command.resolve())
    server.start()
    yield server
    server.remove()


@pytest.fixture
def parameters(server: LTSServer, tmp_path: Path) -> openlts.ConnectionParameters:
    """Parameters for code 100001-reader on the running server, with a data directory of the test's own."""
    return openlts.ConnectionParameters(
        main_server_url=server.url, handshake_code="100001-reader", data_directory=tmp_path / "device"
    )


@pytest.fixture
def open_license(parameters: openlts.ConnectionParameters) -> Iterator[OpenLicense]:
    """Opens a license with the test's parameters and the changes given; closed when the test ends."""
    licenses = []

    def open_license(**changes: Any) -> openlts.License:
        for name, value in changes.items():
            setattr(parameters, name, value)
        licenses.append(openlts.License.from_lts(parameters))
        return licenses[-1]

    yield open_license
    for license in licenses:
        license.close(timeout=0)
