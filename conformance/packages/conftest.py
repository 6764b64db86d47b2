from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lts_server import LTSServer
from wine import wine as wine


@pytest.fixture
def server() -> Iterator[LTSServer]:
    server = LTSServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty directory, outside the repository."""
    directory = tmp_path / "empty"
    directory.mkdir()
    return directory
