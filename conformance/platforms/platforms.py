"""What the tests of platforms share."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from lts_server import LTSServer


def output(*arguments: object, environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a command prints, which must succeed."""
    words = [str(a) for a in arguments]
    return subprocess.run(
        words, check=True, capture_output=True, text=True, timeout=240, env=environment, cwd=cwd
    ).stdout


def outlives_a_kill(start: Callable[[int], subprocess.Popen[str]], server: LTSServer) -> None:
    """What a host recorded that was killed is counted with what the next one records. start starts one that records so
    many, says "recorded", and ends at a line."""

    def recorded(count: int) -> subprocess.Popen[str]:
        process = start(count)
        assert process.stdout is not None
        assert process.stdout.readline() == "recorded\n"
        return process

    killed = recorded(12345)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=300)
    assert server.total() == 0
    following = recorded(1)
    following.communicate("\n", timeout=300)
    assert following.returncode == 0
    assert server.total() == 12346
