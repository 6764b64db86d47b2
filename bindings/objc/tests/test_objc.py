"""Runs the programs that bindings/objc/build-and-test compiled, and looks at what the server counted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer

PROGRAMS = REPOSITORY / "out/objc"
CODE_IMAGE = REPOSITORY / "out/objc/QR_CODE-1-200.png"


@pytest.fixture
def server() -> Iterator[LTSServer]:
    server = LTSServer()
    server.start()
    yield server
    server.remove()


def run(program: str, *arguments: object) -> None:
    result = subprocess.run(
        [PROGRAMS / program, *map(str, arguments)], capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stderr


def test_binding(server: LTSServer, tmp_path: Path) -> None:
    key = server.run("handshake", "key", "100001-reader", "--server", server.url).strip()
    run("binding_test", server.url, key, tmp_path / "device")
    assert server.counts("type") == {("QR_CODE",): 3, ("EAN_13",): 2, ("MRZ",): 1}


def test_published_snippets(server: LTSServer, tmp_path: Path) -> None:
    run("snippets_test", server.url, tmp_path / "device", CODE_IMAGE)
    assert server.counts("handshake", "type") == {("100001-reader", "QR_CODE"): 1}
