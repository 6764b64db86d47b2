"""Servers to test against, and the code that documents show: both by conformance/testbed, which says what it does."""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Callable

REPOSITORY = Path(__file__).resolve().parents[3]
TESTBED = REPOSITORY / "out/bin/testbed"
DEADLINE_SECONDS = 30.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Polls until ``condition`` holds; fails after a generous deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_SECONDS:.0f} seconds in vain until {what}"
        time.sleep(0.02)


@functools.cache
def _testbed() -> subprocess.Popen[str]:
    """The testbed of this process, which ends with it."""
    if not TESTBED.exists():
        raise FileNotFoundError(f"there is no {TESTBED} to test with: run build/test server")
    testbed = subprocess.Popen([TESTBED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    atexit.register(testbed.communicate)
    return testbed


_turn = threading.Lock()


def ask(do: str, **request: object) -> Any:
    """The result of a request to the testbed."""
    with _turn:
        testbed = _testbed()
        assert testbed.stdin is not None and testbed.stdout is not None
        testbed.stdin.write(json.dumps({"do": do, **request}) + "\n")
        testbed.stdin.flush()
        answer = json.loads(testbed.stdout.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["result"]


class LTSServer:
    """A server with the fixture ``standard`` of conformance/scenarios.json, or with nothing. It is not started yet."""

    def __init__(self, command: Path | None = None, *, empty: bool = False, directory: Path | None = None) -> None:
        named = {"command": str(command or ""), "directory": str(directory or "")}
        self._server = ask("make", empty=empty, **named)
        self.url = ""

    def run(self, *arguments: str) -> str:
        """Runs an administration command and returns what it prints."""
        printed: str = ask("run", server=self._server, arguments=arguments)
        return printed

    def start(self) -> None:
        """Starts the server, at the address it had before if it was started before."""
        self.url = ask("start", server=self._server)

    def stop(self) -> None:
        """Ends the server if it runs."""
        ask("stop", server=self._server)

    def remove(self) -> None:
        """Ends the server and removes its files."""
        ask("remove", server=self._server)

    def counts(self, *by: str) -> dict[tuple[str, ...], int]:
        """Counted units by the columns given."""
        counts = ask("counts", server=self._server, by=",".join(by))
        return {tuple(values.split(" ")): count for values, count in counts.items()}

    def total(self) -> int:
        """All counted units."""
        total: int = ask("total", server=self._server)
        return total


def nobody_listens() -> str:
    """The URL of a port at which nothing answers."""
    url: str = ask("unreachable")
    return url


def code_blocks(document: Path, language: str) -> list[dict[str, Any]]:
    """The blocks of code of a page in a language: each with its section, line and code."""
    printed = subprocess.run([TESTBED, "blocks", document, language], check=True, capture_output=True, timeout=60)
    blocks: list[dict[str, Any]] = json.loads(printed.stdout)
    return blocks


def environment_of_children() -> dict[str, str]:
    """The environment of a Python child that uses the binding from the source tree."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(REPOSITORY / "bindings/python/src"), environment.get("PYTHONPATH", "")]
    )
    return environment
