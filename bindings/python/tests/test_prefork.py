"""Servers that fork their workers ahead, pools of processes, and what children do with the license of their parent.

What was recorded is what the server counts, to the unit where nobody was killed.

Each test runs fork_host.py in a process of its own, which a signal ends should it hang.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lts_server import LTSServer, environment_of_children

from build_extension import obstacle

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

HOST = Path(__file__).with_name("fork_host.py")

no_extension = obstacle()
by_both = pytest.mark.parametrize(
    "recording",
    [
        pytest.param(
            [],
            id="extension",
            marks=pytest.mark.skipif(no_extension is not None, reason=f"there is no C extension: {no_extension}"),
        ),
        pytest.param(["python"], id="python"),
    ],
)


def play(
    scene: str, server: LTSServer, library_path: Path, home: Path, recording: list[str] | None = None
) -> tuple[int, int, str]:
    """Plays a scene and returns its books, and what it printed to standard error."""
    ended = subprocess.run(
        [sys.executable, str(HOST), scene, str(library_path), server.url, str(home / "device"), *(recording or [])],
        env=environment_of_children(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    books = json.loads(ended.stdout)
    return books["begun"], books["recorded"], ended.stderr


def play_exactly(
    scene: str, server: LTSServer, library_path: Path, home: Path, recording: list[str] | None = None
) -> None:
    """Plays a scene in which nobody is killed while it records."""
    begun, recorded, errors = play(scene, server, library_path, home, recording)
    assert (errors, begun, server.total()) == ("", recorded, recorded)
    assert recorded > 0


@by_both
def test_workers_are_killed_and_forked_again(
    server: LTSServer, library_path: Path, tmp_path: Path, recording: list[str]
) -> None:
    begun, recorded, seed = play("workers", server, library_path, tmp_path, recording)
    assert seed.startswith("seed ") and seed.count("\n") == 1, seed
    assert 0 < recorded <= server.total() <= begun, seed


@pytest.mark.skipif(
    sys.implementation.name == "pypy",
    reason="PyPy's pools hang now and then once they fork, also in programs without the library",
)
@by_both
def test_pools(server: LTSServer, library_path: Path, tmp_path: Path, recording: list[str]) -> None:
    play_exactly("pools", server, library_path, tmp_path, recording)


@by_both
def test_children_leave_the_license_alone(
    server: LTSServer, library_path: Path, tmp_path: Path, recording: list[str]
) -> None:
    play_exactly("children", server, library_path, tmp_path, recording)


def test_child_leaves_a_with_block(server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    play_exactly("with_block", server, library_path, tmp_path)


def test_spawned_children_open_their_own(server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    play_exactly("spawned", server, library_path, tmp_path)
