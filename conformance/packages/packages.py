"""What the tests of packages share: where the packages lie, and a server to use them against."""

from __future__ import annotations

import os
import re
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


def header_functions() -> list[str]:
    """What the C header declares."""
    return re.findall(r"LTS_CALL (LTS_\w+)", (REPOSITORY / "include/openlts/openlts.h").read_text())


def maven_cache(directory: Path) -> Path:
    """A cache for Maven, which has what this machine's has, but for OpenLTS."""
    own = Path.home() / ".m2/repository"
    for path in own.glob("*"):
        if path.name != "org":
            (directory / path.name).parent.mkdir(parents=True, exist_ok=True)
            (directory / path.name).symlink_to(path)
    (directory / "org").mkdir(parents=True, exist_ok=True)
    for path in own.glob("org/*"):
        if path.name != "openlts":
            (directory / "org" / path.name).symlink_to(path)
    return directory


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here: build/bootstrap all installs it")


def fetched(*command: object, seconds: int = 600) -> str:
    """What a registry's client prints, without which nothing can be tried."""
    words = [str(part) for part in command]
    try:
        result = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{words[0]} has fetched nothing for {seconds} seconds")
    if result.returncode != 0:
        pytest.skip(f"{words[0]} can't fetch it: {(result.stdout + result.stderr)[-300:]}")
    return result.stdout


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
