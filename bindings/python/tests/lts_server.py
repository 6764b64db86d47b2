"""A real License Tracking Server for tests: `lts serve` on a free port, with a directory of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Callable

REPOSITORY = Path(__file__).resolve().parents[3]
DEADLINE_SECONDS = 30.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Polls until ``condition`` holds; fails after a generous deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_SECONDS:.0f} seconds in vain until {what}"
        time.sleep(0.02)


class LTSServer:
    """One data directory, and the server process on it while it is started."""

    def __init__(self, command: Path, directory: Path) -> None:
        self.command = command
        self.directory = directory
        self.data = directory / "lts-data"
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def copy(self, directory: Path) -> LTSServer:
        """A server of its own which begins with this one's data. This one must not be running."""
        shutil.copytree(self.data, directory / "lts-data")
        return LTSServer(self.command, directory)

    def run(self, *arguments: str) -> str:
        """Runs an administration command and returns what it prints."""
        result = subprocess.run(
            [self.command, *arguments, "--data", self.data], capture_output=True, text=True, timeout=60, check=False
        )
        assert result.returncode == 0, f"lts {' '.join(arguments)}: {result.stdout}{result.stderr}"
        return result.stdout

    def add_standard_fixture(self) -> None:
        """The fixture `standard` of conformance/scenarios.json."""
        self.run("org", "add", "Vendor", "--id", "100001")
        self.run("handshake", "add", "reader", "--org", "100001", "--default")
        self.run("handshake", "add", "locked", "--org", "100001", "--session-password", "s3cret")
        for item, code in (("scans", "100001-reader"), ("locked-scans", "100001-locked")):
            options = ("--id", item, "--charge-way", "scan", "--quota", "1000000", "--handshake", code)
            self.run("item", "add", item, "--org", "100001", *options)

    def start(self) -> None:
        """Starts the server, at the address it had before if it was started before."""
        assert self._process is None
        url_file = self.directory / "url"
        url_file.unlink(missing_ok=True)
        listen = self.url.removeprefix("http://") if self.url else "127.0.0.1:0"
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.command, "serve", "--data", self.data, "--listen", listen, "--url-file", url_file],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        process = self._process
        wait_until(lambda: url_file.exists() or process.poll() is not None, "the server is ready")
        assert process.poll() is None, (self.directory / "server.log").read_text()
        self.url = url_file.read_text().strip()

    def stop(self) -> None:
        """Ends the server if it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def statistics(self, by: str = "handshake,item,type") -> dict[str, Any]:
        """What `lts stats` counts."""
        statistics: dict[str, Any] = json.loads(self.run("stats", "--by", by, "--json"))
        return statistics

    def counts(self, *by: str) -> dict[tuple[Any, ...], int]:
        """Counted units by the columns given."""
        rows = self.statistics(",".join(by))["rows"]
        return {tuple(row[column] for column in by): row["count"] for row in rows}

    def total(self) -> int:
        """All counted units."""
        return int(self.statistics()["total"])


def nobody_listens() -> str:
    """The URL of a port at which nothing answers."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def environment_of_children() -> dict[str, str]:
    """The environment of a Python child that uses the binding from the source tree."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(REPOSITORY / "bindings/python/src"), environment.get("PYTHONPATH", "")]
    )
    return environment
