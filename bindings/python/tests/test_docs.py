"""The code of docs/python.md and README.md runs as it stands there, but for names of servers and folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer, code_blocks, environment_of_children
from test_wheel import copy_package

GUIDE = REPOSITORY / "docs/python.md"
READMES = [REPOSITORY / "README.md", REPOSITORY / "bindings/python/README.md"]


def code(document: Path, language: str) -> list[str]:
    return [block["code"] for block in code_blocks(document, language)]


def run_python(program: str, library_path: Path, directory: Path) -> str:
    """Runs a program in a Python of its own, as the main module, so that all blocks of a page share their names."""
    path = directory / "program.py"
    path.write_text(f"import openlts\nopenlts.load({str(library_path)!r})\n{program}")
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", path],
        env=environment_of_children(),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a block of the guide forks")
def test_guide(server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    blocks = code(GUIDE, "python")
    assert len(blocks) == 8
    program = "\n".join(blocks)
    program = program.replace("https://lts.example.com", server.url)
    program = program.replace("/var/lib/acme-reader", str(tmp_path / "device"))
    program = program.replace('Path("/opt/acme/lib") / "libopenlts.so.0"', f"Path({str(library_path)!r})")
    printed = run_python(program, library_path, tmp_path)
    assert "SUBMITTED 14" in printed
    assert "LIMIT_EXCEEDED License has exceeded its limit." in printed
    assert "check the handshake code:" in printed
    assert server.counts("type") == {("QR_CODE",): 1 + 3 + 1, ("DATAMATRIX",): 1, ("MRZ",): 2, ("PAGE_SCANNED",): 12}


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_readme(readme: Path, server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    (block,) = code(readme, "python")
    # The README leaves the data directory at its default, which lies in the home directory of whoever runs the tests.
    block = block.replace('"https://lts.example.com",', f"{server.url!r}, data_directory={str(tmp_path / 'device')!r},")
    run_python(block, library_path, tmp_path)
    assert server.counts("type") == {("QR_CODE",): 1}


@pytest.mark.skipif(sys.platform != "linux", reason="the commands name the Linux library")
def test_install(library_path: Path, tmp_path: Path) -> None:
    (commands,) = code(GUIDE, "sh")
    copy_package(tmp_path / "bindings/python")
    (tmp_path / "out/lib").mkdir(parents=True)
    shutil.copy(library_path, tmp_path / "out/lib/libopenlts.so.0")
    environment = {**os.environ, "PIP_TARGET": str(tmp_path / "site"), "PIP_QUIET": "1"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    subprocess.run(["sh", "-e", "-c", commands], cwd=tmp_path, env=environment, check=True, timeout=300)
    printed = subprocess.run(
        [sys.executable, "-c", "import openlts, openlts.library as l; print(openlts.abi_version(), l.loaded().path)"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    ).stdout
    assert printed.split() == ["1", str(tmp_path / "site/openlts/lib/libopenlts.so.0")]
