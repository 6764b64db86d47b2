"""The oldest Debian that Debian's mirrors have, as a folder for chroot; fetched once, into out/.linux."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lts_server import REPOSITORY
from packages import fetched, need

PLACE = REPOSITORY / "out/.linux"

#: Its C library is glibc 2.31: threads are not yet in it, but in a library of their own.
RELEASE = "bullseye"
GLIBC = "2.31"

#: What is in the folder, and all it depends on.
PACKAGES = ("python3.9-venv",)


def mirror() -> str:
    """The mirror of Debian that this machine uses."""
    shown = fetched("apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages")
    for line in shown.splitlines():
        address, _, label = line.partition(" ")
        if label == "Debian":
            return address
    pytest.skip("this machine installs from no mirror of Debian")


def old_linux() -> Path:
    """The folder. Nothing in it starts by itself, and nothing of this machine is mounted there."""
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    if platform.machine() != "x86_64":
        pytest.skip("it is tried on x86-64")
    need("apt-get", "dpkg-deb", "chroot")
    place = PLACE / RELEASE
    if place.exists():
        return place
    stage = PLACE / f"{RELEASE}.new"
    shutil.rmtree(stage, ignore_errors=True)
    apt, root = stage / "apt", stage / "root"
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    (apt / "status").touch()
    signed = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "sources.list").write_text(f"deb [signed-by={signed}] {mirror()} {RELEASE} main\n")
    options = {
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": apt,
        "Dir::State::Status": apt / "status",
    }
    get = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    fetched(*get, "update")
    fetched(*get, "install", "--yes", "--download-only", "--no-install-recommends", *PACKAGES)
    for package in sorted((apt / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True, timeout=240)
    # A file, where a program throws away what it writes.
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev/null").touch()
    (root / "tmp").mkdir(exist_ok=True)
    root.rename(place)
    shutil.rmtree(stage)
    return place


def fresh_folder() -> Iterator[Path]:
    """A folder in the old system, for one test."""
    folder = old_linux() / "srv/test"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)
