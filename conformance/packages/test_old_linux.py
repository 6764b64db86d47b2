"""The packages where the C library is years old: in a folder that has nothing of this machine, by chroot."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from old_linux import GLIBC, fresh_folder
from packages import CODE, PACKAGES, VERSION, package, run
from platforms import outlives_a_kill

PYTHON = "/usr/bin/python3.9"

#: A test's folder, as it is called inside.
HOME = Path("/srv/test")

PROGRAM = f"""
import platform
import sys
import openlts

parameters = openlts.ConnectionParameters(
    main_server_url=sys.argv[1], handshake_code="{CODE}", data_directory="device"
)
with openlts.License.from_lts(parameters) as license:
    license.record(openlts.OperationType.QR_CODE, 3)
print(platform.libc_ver()[1], openlts.version())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    yield from fresh_folder()


def inside(folder: Path, *command: object) -> list[str]:
    """The command that runs one there, in a test's folder, with none of this machine's environment."""
    root = folder.parents[1]
    assert folder == root / HOME.relative_to("/")
    words = [str(part) for part in command]
    enter = "import os, sys; os.chdir(sys.argv[1]); os.execv(sys.argv[2], sys.argv[2:])"
    return [
        "env",
        "-i",
        f"HOME={HOME}",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "chroot",
        str(root),
        PYTHON,
        "-c",
        enter,
        str(HOME),
        *words,
    ]


def unpack(name: str, folder: Path) -> Path:
    with tarfile.open(package(f"{name}-{VERSION}-linux-x86_64.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"{name}-{VERSION}-linux-x86_64"


def test_a_program_in_python_uses_the_wheel(folder: Path, server: LTSServer) -> None:
    """Installed by the pip of those days, into an empty environment."""
    for wheel in PACKAGES.glob("*.whl"):
        shutil.copy(wheel, folder)
    (folder / "program.py").write_text(PROGRAM)
    run(*inside(folder, PYTHON, "-m", "venv", "venv"), cwd=folder)
    pip = ("venv/bin/python", "-m", "pip", "-q", "install", "--no-index", "--find-links", ".")
    run(*inside(folder, *pip, f"openlts=={VERSION}"), cwd=folder)
    said = run(*inside(folder, "venv/bin/python", "program.py", server.url), cwd=folder)
    assert said.splitlines()[-1] == f"{GLIBC} {VERSION}"
    assert server.total() == 3


def test_a_program_in_c_uses_the_library(folder: Path, server: LTSServer) -> None:
    """One that is killed, and one that ends well."""
    library = unpack("openlts", folder) / "lib/libopenlts.so.0"
    compiler = (REPOSITORY / "build/zig-cc", "x86_64-linux-gnu.2.17", "-std=c11", "-D_POSIX_C_SOURCE=200809L")
    source = REPOSITORY / "conformance/platforms/recorder.c"
    # ($ORIGIN needs /proc.)
    linked = (f"-I{REPOSITORY / 'include'}", library, f"-Wl,-rpath,{HOME / library.parent.relative_to(folder)}")
    run(*compiler, source, *linked, "-o", folder / "program", cwd=folder)

    def start(count: int) -> subprocess.Popen[str]:
        command = inside(folder, "./program", server.url, CODE, "device", count)
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    outlives_a_kill(start, server)


def test_the_command_works(folder: Path) -> None:
    command = f"./{unpack('lts', folder).name}/lts"
    assert run(*inside(folder, command, "--version"), cwd=folder) == f"lts version {VERSION}\n"
    run(*inside(folder, command, "org", "add", "Acme"), cwd=folder)
    assert "Acme" in run(*inside(folder, command, "org", "list"), cwd=folder)
