"""A real License Tracking Server for the benchmarks, with a license item that never runs out."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Iterator

REPOSITORY = Path(__file__).resolve().parent.parent
OUT = REPOSITORY / "out/bench"

sys.path.insert(0, str(REPOSITORY / "bindings/python/tests"))
import lts_server  # noqa: E402  (found by the line above)

HANDSHAKE_CODE = "100001-bench"

#: The server that the Python binding is tested against, too.
Server = lts_server.LTSServer


@contextlib.contextmanager
def started(command: Path | None = None) -> Iterator[tuple[Server, Path]]:
    """A running server, of this build unless another command is named, and a directory for whatever else is written.

    The directory is on the disk that also holds the build.
    """
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="data-", dir=OUT) as name:
        directory = Path(name)
        server = Server(command, empty=True, directory=directory / "server")
        server.run("org", "add", "Vendor", "--id", "100001")
        server.run("handshake", "add", "bench", "--org", "100001", "--default")
        options = ("--charge-way", "scan", "--quota", "unlimited", "--handshake", HANDSHAKE_CODE)
        server.run("item", "add", "scans", "--org", "100001", *options)
        server.start()
        try:
            yield server, directory
        finally:
            server.remove()
