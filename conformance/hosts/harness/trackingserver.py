"""A License Tracking Server of the trial's own."""

import base64
import json
from collections import Counter
from typing import Dict, List

from lts_server import LTSServer

ORGANIZATION = "100001"


class TrackingServer:
    """A server with a handshake code for each name."""

    def __init__(self, names: List[str]) -> None:
        self._server = LTSServer(empty=True)
        self._server.run("org", "add", "Example", "--id", ORGANIZATION)
        for name in names:
            self._server.run("handshake", "add", name, "--org", ORGANIZATION)
        codes = [word for name in names for word in ("--handshake", self.code(name))]
        item = ["item", "add", "scans", "--org", ORGANIZATION, "--charge-way", "scan", "--quota", "1000000000"]
        self._server.run(*item, *codes)
        self._server.start()

    @staticmethod
    def code(name: str) -> str:
        return f"{ORGANIZATION}-{name}"

    def key(self, name: str, directory: str) -> str:
        """A license key for a host that keeps its usage in that directory."""
        parameters: Dict[str, object] = {
            "mainServerURL": self._server.url,
            "handshakeCode": self.code(name),
            "dataDirectory": directory,
            "slotSeconds": 2,
        }
        return "LTS1" + base64.b64encode(json.dumps(parameters).encode()).decode()

    def counted(self, name: str) -> "Counter[str]":
        """What was counted for a name, by operation type."""
        statistics = json.loads(self._server.run("stats", "--by", "type", "--handshake", self.code(name), "--json"))
        return Counter({row["type"]: row["count"] for row in statistics["rows"]})

    def verify(self) -> None:
        """Has the server compute all its totals anew from the reports as they came."""
        self._server.run("verify")

    def remove(self) -> None:
        self._server.remove()
