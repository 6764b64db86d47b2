"""A server on this machine for the hosts of all platforms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lts_server import LTSServer
from wine import wine as wine


@pytest.fixture
def server() -> Iterator[LTSServer]:
    server = LTSServer()
    server.start()
    yield server
    server.remove()
