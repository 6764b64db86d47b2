"""What the tests of platforms share."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


def output(*arguments: object, environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a command prints, which must succeed."""
    words = [str(a) for a in arguments]
    return subprocess.run(
        words, check=True, capture_output=True, text=True, timeout=240, env=environment, cwd=cwd
    ).stdout
