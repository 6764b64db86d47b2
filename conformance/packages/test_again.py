"""The packages, made once more from the same sources in another place: they are the same."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from lts_server import REPOSITORY
from packages import PACKAGES, package, run

#: What build/bootstrap installs, and what npm fetched: not sources.
TOOLS = ("out/venv", "bindings/javascript/node_modules")
FETCHED = "out/pages"

#: Mono's compiler stamps each assembly that it makes.
STAMPED = ".nupkg"
ASSEMBLY = "OpenLTS.dll"


def sums(directory: Path) -> dict[str, str]:
    lines = (directory / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def members(path: Path) -> dict[str, str]:
    """What is in a package, but for the stamped assembly, by its digest."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if not name.endswith(ASSEMBLY)
        }


def test_they_are_the_same_elsewhere(tmp_path: Path) -> None:
    package("SHA256SUMS")
    copy = tmp_path / "a copy"
    for source in run("build/sources", cwd=REPOSITORY).splitlines():
        (copy / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / source, copy / source, follow_symlinks=False)
    # Scripts ask git which files are sources.
    run("git", "init", "--quiet", cwd=copy)
    for tool in TOOLS:
        (copy / tool).parent.mkdir(parents=True, exist_ok=True)
        (copy / tool).symlink_to(REPOSITORY / tool)
    shutil.copytree(REPOSITORY / FETCHED, copy / FETCHED, symlinks=True)
    run("build/package", cwd=copy, seconds=800)

    here, there = sums(PACKAGES), sums(copy / "out/packages")
    assert here.keys() == there.keys()
    differ = {name for name in here if here[name] != there[name]}
    (stamped,) = (name for name in here if name.endswith(STAMPED))
    assert differ <= {stamped}
    assert members(PACKAGES / stamped) == members(copy / "out/packages" / stamped)
