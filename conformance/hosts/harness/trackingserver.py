"""A License Tracking Server of the trial's own."""

import base64
import json
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Dict, List

from .places import COMMAND

ORGANIZATION = "100001"


class TrackingServer:
    """``lts serve`` on a free port, with a handshake code for each name."""

    def __init__(self, folder: Path, names: List[str]) -> None:
        self._data = folder / "server"
        self._log = folder / "server.log"
        self._lts("org", "add", "Example", "--id", ORGANIZATION)
        for name in names:
            self._lts("handshake", "add", name, "--org", ORGANIZATION)
        codes = [word for name in names for word in ("--handshake", self.code(name))]
        item = ["item", "add", "scans", "--org", ORGANIZATION, "--charge-way", "scan", "--quota", "1000000000"]
        self._lts(*item, *codes)
        url = folder / "url"
        command = [COMMAND, "--data", self._data, "serve", "--listen", "127.0.0.1:0", "--url-file", url]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 120
        while not (url.exists() and url.read_text()):
            if self._process.poll() is not None or time.monotonic() > end:
                self._process.kill()
                raise RuntimeError("the server does not start:\n" + self._log.read_text())
            time.sleep(0.02)
        self.url = url.read_text().strip()

    @staticmethod
    def code(name: str) -> str:
        return f"{ORGANIZATION}-{name}"

    def key(self, name: str, directory: str) -> str:
        """A license key for a host that keeps its usage in that directory."""
        parameters: Dict[str, object] = {
            "mainServerURL": self.url,
            "handshakeCode": self.code(name),
            "dataDirectory": directory,
            "slotSeconds": 2,
        }
        return "LTS1" + base64.b64encode(json.dumps(parameters).encode()).decode()

    def counted(self, name: str) -> "Counter[str]":
        """What was counted for a name, by operation type."""
        statistics = json.loads(self._lts("stats", "--by", "type", "--handshake", self.code(name), "--json"))
        return Counter({row["type"]: row["count"] for row in statistics["rows"]})

    def verify(self) -> None:
        """Has the server compute all its totals anew from the reports as they came."""
        self._lts("verify")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _lts(self, *arguments: str) -> str:
        done = subprocess.run(
            [COMMAND, "--data", self._data, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"lts {' '.join(arguments)}: {done.stderr}")
        return done.stdout
