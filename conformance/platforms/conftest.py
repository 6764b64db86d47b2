"""A server on this machine for the hosts of all platforms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LTSServer]:
    server = LTSServer(REPOSITORY / "out/bin/lts", tmp_path / "server")
    server.add_standard_fixture()
    server.start()
    yield server
    server.stop()
