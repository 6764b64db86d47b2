"""Programs for Windows, run by Wine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

import pytest
from lts_server import REPOSITORY
from platforms import output

#: What Go asks the system for random numbers by, and Wine 8 does not have.
PROCESS_PRNG = """
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
  return SystemFunction036(data, (ULONG)length);
}
"""


def windows_path(path: Path) -> str:
    """A path of this machine as Wine has it."""
    return "Z:" + str(path).replace("/", "\\")


@dataclass
class Wine:
    """A Windows of its own, in out/.wine: made once, it takes seconds and 700 MB."""

    environment: dict[str, str]

    def start(
        self, program: Path, *arguments: object, cwd: Path | None = None, stderr: int | None = None
    ) -> subprocess.Popen[str]:
        """Starts a program in its own directory, or in another one."""
        return subprocess.Popen(
            ["wine", windows_path(program), *map(str, arguments)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=cwd or program.parent,
            encoding="utf-8",
            errors="replace",
        )

    def run(
        self, program: Path, *arguments: object, cwd: Path | None = None, stderr: int | None = None, timeout: int = 240
    ) -> str:
        process = self.start(program, *arguments, cwd=cwd, stderr=stderr)
        try:
            printed, _ = process.communicate(timeout=timeout)
        finally:
            process.kill()
        assert process.returncode == 0, printed
        return printed


@pytest.fixture(scope="session")
def wine() -> Iterator[Wine]:
    for program in ("wine", "wineserver", "x86_64-w64-mingw32-g++"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here: build/bootstrap all installs it")
    # A name with a dot: in others goimports would look for packages, and Wine links to /.
    prefix = REPOSITORY / "out/.wine"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",  # names of files are in it
        "WINEPREFIX": str(prefix),
        "WINEDEBUG": "-all",
        # The first two it would offer to download; questions to the last one can end the process that asks, such as
        # those of Python's platform.uname, which does without.
        "WINEDLLOVERRIDES": "mscoree,mshtml,wbemprox=",
    }
    random = prefix / "drive_c/windows/system32/bcryptprimitives.dll"
    if not random.exists():
        subprocess.run(["wineboot", "--init"], env=environment, check=True, timeout=240, stdout=DEVNULL, stderr=DEVNULL)
        source = prefix / "prng.c"
        source.write_text(PROCESS_PRNG)
        output("x86_64-w64-mingw32-gcc", "-shared", "-O1", source, "-o", random, "-ladvapi32")
    # One that runs already, such as that of wineboot, keeps the time it was given.
    for ending in ("-k", "-w"):
        subprocess.run(
            ["wineserver", ending], env=environment, check=False, timeout=120, stdout=DEVNULL, stderr=DEVNULL
        )
    # It starts anew for each program otherwise.
    # (It goes on as a daemon, with the pipes it was given.)
    subprocess.run(["wineserver", "-p120"], env=environment, check=True, timeout=60, stdout=DEVNULL, stderr=DEVNULL)
    # So do the services that the first program starts.
    subprocess.run(["wineboot"], env=environment, check=True, timeout=120, stdout=DEVNULL, stderr=DEVNULL)
    yield Wine(environment)
    subprocess.run(["wineserver", "-k"], env=environment, check=False, timeout=60)
