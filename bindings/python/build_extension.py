"""Compiles the optional C extension, src/openlts/_record.c, for this Python and all newer ones.

Run it to have the extension in a source tree; the build of a wheel runs it, too. Where it can't be built, because there
is no compiler or no Python.h, it says so and ends well: the package works without it.

usage: build_extension.py [DIRECTORY]    where to put it; src/openlts

OPENLTS_LDSHARED, if set, is the command that links an extension, in place of the one Python was built with: for another
machine, or an older C library. (The stable ABI is the same on all machines of a word size.) OPENLTS_PLATFORM, if set,
is what a wheel is built for (wheel_tag.py); for Windows, there is no extension.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "src/openlts/_record.c"

#: The file's name; the suffix is that of extensions for the stable ABI.
NAME = "_record.abi3.so"


def obstacle() -> str | None:
    """Why the extension can't be built or used here; None if it can."""
    if sys.platform == "win32" or os.environ.get("OPENLTS_PLATFORM", "").startswith("win"):
        return "there is none for Windows"
    if sys.implementation.name != "cpython" or sys.version_info < (3, 10):
        return "it needs CPython 3.10 or newer"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this Python has no interpreter lock, and so no stable ABI"
    linker = link_command()
    if not linker:
        return "this Python does not say how extensions are linked"
    if shutil.which(linker[0]) is None:
        return f"there is no compiler {linker[0]}"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return f"Python.h is not in {sysconfig.get_path('include')} (Debian's package python3-dev has it)"
    return None


def link_command() -> list[str]:
    """What compiles and links an extension in one."""
    return shlex.split(os.environ.get("OPENLTS_LDSHARED") or sysconfig.get_config_var("LDSHARED") or "")


def build(directory: Path) -> Path:
    """Compiles it into ``directory``, in one step: a process that has the old one loaded keeps that."""
    target = directory / NAME
    fresh = directory / f".{NAME}.{os.getpid()}"
    flags = ["-std=c11", "-O2", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]
    command = [*link_command(), *flags]
    try:
        subprocess.run(
            [*command, f"-I{sysconfig.get_path('include')}", str(SOURCE), "-o", str(fresh)], check=True, timeout=300
        )
        fresh.replace(target)
    finally:
        if fresh.exists():
            fresh.unlink()
    return target


def main() -> None:
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE.parent
    reason = obstacle()
    if reason is None:
        print(build(directory))
    else:
        print(f"The extension {NAME} is not built, and ctypes does its work: {reason}.")


if __name__ == "__main__":
    main()
