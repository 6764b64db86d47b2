"""Requests to services at a socket of the file system, over HTTP and FastCGI."""

import http.client
import socket
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, List

from .host import Surroundings
from .places import HERE, VENV

Ask = Callable[[Surroundings, int], List[int]]


def _side_by_side(one: Callable[[], int], count: int) -> List[int]:
    with ThreadPoolExecutor(8) as pool:
        return [each.result() for each in [pool.submit(one) for _ in range(count)]]


def connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(300)
    connection.connect(path)
    return connection


def over_http(here: Surroundings, count: int) -> List[int]:
    """Asks an HTTP server, whose answer is its process id."""

    def one() -> int:
        connection = http.client.HTTPConnection("localhost", timeout=300)
        connection.sock = connected(here.socket)
        connection.request("GET", "/", headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"HTTP {answer.status}: {body.decode()}")
        return int(body)

    return _side_by_side(one, count)


def over_fastcgi(script: str) -> Ask:
    """Asks a FastCGI server to run a script, whose output is its process id."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content

    parameters = b""
    for name, value in (("SCRIPT_FILENAME", script), ("REQUEST_METHOD", "GET")):
        parameters += struct.pack(">BB", len(name), len(value)) + name.encode() + value.encode()
    request = record(1, struct.pack(">HB5x", 1, 0)) + record(4, parameters) + record(4, b"") + record(5, b"")

    def one(path: str) -> int:
        output = b""
        with connected(path) as connection, connection.makefile("rb") as stream:
            connection.sendall(request)
            while True:
                _, kind, _, length, padding = struct.unpack(">BBHHBx", stream.read(8))
                content = stream.read(length + padding)[:length]
                if kind == 3:
                    break
                output += content
        head, _, body = output.partition(b"\r\n\r\n")
        if b"Status:" in head or not body.isdigit():
            raise RuntimeError(output.decode())
        return int(body)

    return lambda here, count: _side_by_side(lambda: one(here.socket), count)


def over_celery(here: Surroundings, count: int) -> List[int]:
    """Sends tasks, each of which notes its process id."""
    notes = Path(here.folder, "notes")
    before = len(notes.read_text().split()) if notes.exists() else 0
    command = [VENV / "python", HERE / "celery" / "send.py", str(count)]
    done = subprocess.run(command, env=here.environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    end = time.monotonic() + 300
    while True:
        noted = notes.read_text().split()[before:] if notes.exists() else []
        if len(noted) == count:
            return [int(each) for each in noted]
        if time.monotonic() > end:
            raise RuntimeError(f"{len(noted)} of {count} tasks were done within 300 s")
        time.sleep(0.02)
