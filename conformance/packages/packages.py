"""What the tests of packages share: where the packages lie, and a server to use them against."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from lts_server import REPOSITORY

VERSION = (REPOSITORY / "VERSION").read_text().strip()

#: Where build/package puts them.
PACKAGES = REPOSITORY / "out/packages"

#: The code that the server of the tests knows.
CODE = "100001-reader"


def package(name: str) -> Path:
    """A package that build/package has made."""
    path = PACKAGES / name
    assert path.exists(), f"there is no {path}: run build/package"
    return path


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here: build/bootstrap all installs it")


def run(*command: object, cwd: Path, environment: Mapping[str, str] | None = None, seconds: int = 240) -> str:
    """Runs a command, without what this machine has set to find OpenLTS; gives its output."""
    clean = {name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "PYTHONPATH")}
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout
