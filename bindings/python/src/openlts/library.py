"""Finds and loads the native library, and refuses one that does not fit."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path

from . import native
from .c_values import int32, text
from .definitions import StatusCode
from .errors import LibraryError, LTSError, lts_error

#: The file's name by which the system's loader finds an installed library.
if sys.platform == "win32":
    SYSTEM_NAME = "openlts.dll"
    _PACKAGED_NAMES = "openlts*.dll"
elif sys.platform == "darwin":
    SYSTEM_NAME = "libopenlts.0.dylib"
    _PACKAGED_NAMES = "libopenlts*.dylib"
else:
    SYSTEM_NAME = "libopenlts.so.0"
    _PACKAGED_NAMES = "libopenlts.so*"

#: Where a wheel carries the library.
PACKAGED_DIRECTORY = Path(__file__).parent / "lib"


class Library:
    """The native library once it is loaded: its functions, and where it came from."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.functions = ctypes.CDLL(path)
        # Recording takes some nanoseconds and never waits, so it keeps the interpreter lock: giving that back and
        # fetching it again would cost more than the call, and with several threads much more. All other functions
        # may block, and let other threads run.
        keeping_lock = ctypes.PyDLL(path)
        try:
            found = int(self.functions.LTS_ABIVersion())
            if found != native.ABI_VERSION:
                raise LibraryError(
                    StatusCode.ABI_MISMATCH,
                    f"The OpenLTS library {path} has version {found} of the binary interface, and this Python package "
                    f"requires version {native.ABI_VERSION}: install a library and a package of the same release.",
                )
            native.declare(self.functions)
            native.declare(keeping_lock)
        except AttributeError as error:
            raise LibraryError(
                StatusCode.LICENSE_CLIENT_DLL_MISSING, f"{path} is not the OpenLTS library: {error}."
            ) from None
        self.record_operation = keeping_lock.LTS_RecordOperation
        #: For who calls it without ctypes.
        self.record_operation_address = ctypes.cast(self.record_operation, ctypes.c_void_p).value or 0

    def check(self, status: int, action: str) -> None:
        """Raises the error for ``status`` unless it is OK; ``action`` says what could not be done."""
        if status != StatusCode.OK:
            raise self.error(status, action)

    def error(self, status: int, action: str) -> LTSError:
        """The error for a status code that came without a message of its own."""
        return lts_error(status, f"Failed to {action}: {text(self.functions.LTS_StatusMessage(status))}")


_lock = threading.Lock()
_library: Library | None = None


def _unlock_in_child() -> None:
    """A thread that held the lock while another one forked does not exist in the child."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)


def load(path: str | os.PathLike[str] | None = None) -> None:
    """Loads the native library. Without it, the first use does the same as ``load()``.

    ``path`` is the library's file. Without one, the library is looked for in the package itself (``openlts/lib``, where
    a wheel carries it) and then by the system's loader. Once loaded, it stays for the life of the process; loading
    again does nothing, and another file than the loaded one is an error.

    Raises :class:`LibraryError` if it is missing, built for another platform, or of another version.
    """
    global _library
    with _lock:
        if _library is None:
            _library = _open(_find() if path is None else str(Path(path).resolve()))
        elif path is not None and not _same_file(path, _library.path):
            raise LibraryError(
                StatusCode.INVALID_ARGUMENT,
                f"The OpenLTS library {_library.path} is loaded already and can't be replaced by {os.fspath(path)}: "
                "call openlts.load before anything else.",
            )


def loaded() -> Library:
    """The native library, loaded if need be."""
    if _library is None:
        load()
    assert _library is not None
    return _library


def version() -> str:
    """The native library's version, such as ``0.1.0``."""
    return text(loaded().functions.LTS_Version())


def abi_version() -> int:
    """The native library's version of the binary interface."""
    return int(loaded().functions.LTS_ABIVersion())


def status_name(status: int) -> str:
    """The stable name of a status code, such as ``LIMIT_EXCEEDED``; ``UNKNOWN`` if the library does not know it."""
    return text(loaded().functions.LTS_StatusName(int32(status)))


def status_message(status: int) -> str:
    """The text of a status code for people, in English."""
    return text(loaded().functions.LTS_StatusMessage(int32(status)))


def _find() -> str:
    packaged = sorted(PACKAGED_DIRECTORY.glob(_PACKAGED_NAMES))
    return str(packaged[0]) if packaged else SYSTEM_NAME


def _same_file(path: str | os.PathLike[str], other: str) -> bool:
    try:
        return Path(path).samefile(other)
    except OSError:
        return False


def _open(path: str) -> Library:
    try:
        return Library(path)
    except OSError as error:
        raise LibraryError(StatusCode.LICENSE_CLIENT_DLL_MISSING, _explain(path, str(error))) from error


def _explain(path: str, reason: str) -> str:
    """One sentence on why the system could not load the library, and what to do."""
    if _runs_on_musl():
        return (
            f"The OpenLTS library {path} can't be used here: it needs glibc, and this Python runs on musl (such as "
            "Alpine Linux); use an image with glibc, such as Debian's."
        )
    if path == SYSTEM_NAME:
        return (
            f"The OpenLTS library is missing: it is neither in {PACKAGED_DIRECTORY} nor known to the system's loader "
            f"as {SYSTEM_NAME} ({reason}); install a wheel which carries it, or call openlts.load with its path."
        )
    if not Path(path).is_file():
        return f"There is no OpenLTS library at {path}: check the path given to openlts.load."
    needed, here = _machine_of(path), _machine_of(sys.executable)
    if needed and here and needed != here:
        return (
            f"The OpenLTS library {path} is built for {needed} and this Python for {here}: install the library for "
            f"{here}."
        )
    return f"The OpenLTS library {path} can't be loaded: {reason}."


def _runs_on_musl() -> bool:
    try:
        return "/ld-musl-" in Path("/proc/self/maps").read_text()
    except OSError:
        return False


#: The machines of ELF files that people have names for.
_ELF_MACHINES = {3: "x86", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}


def _machine_of(path: str) -> str:
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
