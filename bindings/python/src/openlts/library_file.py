"""What the file of a library says of itself, without being loaded: a second library would start a second Go runtime in
the process, which nothing could end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from . import native


class Label(NamedTuple):
    """Which library a file is."""

    #: By which the system's loader knows it, wherever it lies; empty if that is not in the file.
    name: str
    #: Of the binary interface.
    version: int


def label_of(path: str) -> Label | None:
    """None if the file can't be read or is no OpenLTS library."""
    try:
        content = Path(path).read_bytes()
    except OSError:
        return None
    # ELF files name the version of their symbols, which is that of the binary interface.
    version = re.search(rb"\0OPENLTS_(\d{1,9})\0", content)
    name = re.search(rb"\0(libopenlts[\w-]*\.so\.\d+)\0", content)
    if version is not None and name is not None:
        return Label(name[1].decode(), int(version[1]))
    # Others don't. That they fit is seen when they are loaded.
    return Label("", native.ABI_VERSION) if b"\0LTS_ABIVersion\0" in content else None


#: The machines of ELF files that people have names for.
_ELF_MACHINES = {3: "x86", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}


def machine_of(path: str) -> str:
    """What machine an ELF file is built for; empty for any other file."""
    try:
        with Path(path).open("rb") as file:
            header = file.read(20)
    except OSError:
        return ""
    if len(header) < 20 or header[:4] != b"\x7fELF":
        return ""
    machine = int.from_bytes(header[18:20], "little" if header[5] == 1 else "big")
    return _ELF_MACHINES.get(machine, f"ELF machine {machine}")
