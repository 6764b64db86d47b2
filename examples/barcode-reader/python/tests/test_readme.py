"""The commands of the README run as they stand there, but for the server's address and the folder of images."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer, environment_of_children

README = REPOSITORY / "examples/barcode-reader/README.md"

#: It compiles the programs, which the step "c" has done.
BUILD = "cmake --preset demo && cmake --build --preset demo\n"


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def test_commands(server: LTSServer, tmp_path: Path) -> None:
    demo, *others = blocks()
    assert all(line.startswith("build/demo ") for line in demo.splitlines()), "the step demo runs it"
    commands = "".join(others)
    assert commands.startswith(BUILD)
    for program in ("barcode-writer", "barcode-reader"):
        if not (REPOSITORY / "out/bin" / program).exists():
            pytest.skip(f"there is no out/bin/{program}: build/test c builds it")
    commands = commands.removeprefix(BUILD).replace("http://127.0.0.1:48080", server.url)
    commands = commands.replace("/tmp/images", str(tmp_path / "images"))
    environment = {**environment_of_children(), "HOME": str(tmp_path)}
    ended = subprocess.run(
        ["sh", "-e", "-c", commands],
        cwd=REPOSITORY,
        env=environment,
        timeout=300,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    # Both decode the same images.
    written = sum(server.counts("type").values())
    assert written > 100
    assert written % 2 == 0
