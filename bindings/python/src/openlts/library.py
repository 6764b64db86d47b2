"""Finds and loads the native library, and refuses one that does not fit."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Callable

from . import native
from .c_values import int32, text
from .definitions import StatusCode
from .errors import LibraryError, LTSError, lts_error
from .library_file import label_of, machine_of

#: The file's name by which the system's loader finds an installed library, and those a wheel may carry it under.
if sys.platform == "win32":
    SYSTEM_NAME = "openlts.dll"
    PACKAGED_NAMES = "openlts*.dll"
elif sys.platform == "darwin":
    SYSTEM_NAME = "libopenlts.0.dylib"
    PACKAGED_NAMES = "libopenlts*.dylib"
else:
    SYSTEM_NAME = "libopenlts.so.0"
    PACKAGED_NAMES = "libopenlts.so*"

#: Where a wheel carries the library.
PACKAGED_DIRECTORY = Path(__file__).parent / "lib"


class Library:
    """The native library once it is loaded: its functions, and where it came from."""

    def __init__(self, path: str, functions: ctypes.CDLL) -> None:
        self.path = path
        self.functions = functions
        try:
            found = int(functions.LTS_ABIVersion())
            # A newer one has all that this one had (docs/abi.md).
            if found < native.ABI_VERSION:
                raise LibraryError(
                    StatusCode.ABI_MISMATCH,
                    f"The OpenLTS library {path} has version {found} of the binary interface, and this Python package "
                    f"requires version {native.ABI_VERSION} or newer: install a newer library.",
                )
            native.declare(functions)
        except AttributeError as error:
            raise LibraryError(
                StatusCode.LICENSE_CLIENT_DLL_MISSING, f"{path} is not the OpenLTS library: {error}."
            ) from None
        #: For who calls it without ctypes.
        self.record_operation_address = ctypes.cast(functions.LTS_RecordOperation, ctypes.c_void_p).value or 0
        self.record_operation = self._cheapest_call()

    def _cheapest_call(self) -> Callable[[int, int, int], int]:
        """``LTS_RecordOperation``, called in the way that costs least. It takes some nanoseconds and never waits.

        CPython keeps the interpreter lock for it: giving that back and fetching it again would cost more than the call,
        and with several threads much more. All other functions may block, and let other threads run.

        PyPy can't keep the lock in ctypes, but compiles a call by its cffi to machine code, which costs some 10 ns; by
        ctypes it is 600, and by a C extension 300.
        """
        if hasattr(ctypes, "PyDLL"):
            keeping_lock = ctypes.PyDLL(self.path, handle=self.functions._handle)
            native.declare(keeping_lock)
            return keeping_lock.LTS_RecordOperation
        try:
            ffi = import_module("cffi").FFI()
        except ImportError:
            return self.functions.LTS_RecordOperation
        function: Callable[[int, int, int], int] = ffi.cast(
            "int32_t (*)(int64_t, int32_t, int32_t)", self.record_operation_address
        )
        return function

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


def load(path: str | os.PathLike[str] | None = None) -> str:
    """Loads the native library, and tells which one is in use. Without it, the first use does the same as ``load()``.

    ``path`` is the library's file. Without one, the library is looked for in the package itself (``openlts/lib``, where
    a wheel carries it) and then by the system's loader. Once loaded, it stays for the life of the process.

    A process uses one library, whoever in it needs one: if one is loaded that has the binary interface which is needed
    here, it is used, and the file at ``path`` is not. So several SDKs may each name the library they carry.

    Raises :class:`LibraryError` if it is missing, built for another platform, or of another version.
    """
    global _library
    with _lock:
        if _library is None:
            wanted = _find() if path is None else str(Path(path).resolve())
            _library = _loaded_by_others(wanted) or _open(wanted)
        elif path is not None and not _same_file(path, _library.path):
            _check_compatible(str(Path(path).resolve()), _library)
        return _library.path


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
    packaged = sorted(PACKAGED_DIRECTORY.glob(PACKAGED_NAMES))
    return str(packaged[0]) if packaged else SYSTEM_NAME


def _same_file(path: str | os.PathLike[str], other: str) -> bool:
    try:
        return Path(path).samefile(other)
    except OSError:
        return False


def _check_compatible(path: str, library: Library) -> None:
    """Raises an error unless whoever needs the library at ``path`` can do with the one that is loaded."""
    if not Path(path).is_file():
        raise LibraryError(StatusCode.LICENSE_CLIENT_DLL_MISSING, _explain(path, ""))
    found = label_of(path)
    if found is None:
        raise LibraryError(StatusCode.LICENSE_CLIENT_DLL_MISSING, f"{path} is not the OpenLTS library.")
    here = f"The OpenLTS library {library.path} (version {text(library.functions.LTS_Version())})"
    version = int(library.functions.LTS_ABIVersion())
    if found.version > version:
        raise LibraryError(
            StatusCode.ABI_MISMATCH,
            f"{here} is loaded already and has version {version} of the binary interface; {path} has "
            f"version {found.version}, and a process can use only one: load the newest of them first.",
        )
    loaded_label = label_of(library.path)
    if loaded_label is not None and loaded_label.name != found.name:
        raise LibraryError(
            StatusCode.INVALID_ARGUMENT,
            f"{here} is loaded already and can't be replaced by {path}, which is another build of it, {found.name}: "
            "call openlts.load before anything else.",
        )


def _loaded_by_others(path: str) -> Library | None:
    """The library if something else in this process has loaded it, from wherever: another copy of this package, or an
    SDK in C++. None if there is none, or of another version; then the one at ``path`` is to be loaded."""
    label = label_of(path)
    if label is None or not label.name or not hasattr(os, "RTLD_NOLOAD"):
        return None
    try:
        functions = ctypes.CDLL(label.name, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
        return Library(_file_of(functions), functions)
    except (OSError, AttributeError, LibraryError):
        return None


def _file_of(functions: ctypes.CDLL) -> str:
    """The file that a loaded library came from."""
    if sys.platform == "win32":
        return SYSTEM_NAME

    class Information(ctypes.Structure):
        _fields_ = (
            ("file", ctypes.c_char_p),
            ("base", ctypes.c_void_p),
            ("symbol", ctypes.c_char_p),
            ("address", ctypes.c_void_p),
        )

    information = Information()
    dladdr = ctypes.CDLL(None).dladdr
    dladdr.argtypes = (ctypes.c_void_p, ctypes.POINTER(Information))
    dladdr(ctypes.cast(functions.LTS_ABIVersion, ctypes.c_void_p), information)
    return os.fsdecode(information.file or b"")


def _open(path: str) -> Library:
    try:
        functions = ctypes.CDLL(path)
        return Library(_file_of(functions) if path == SYSTEM_NAME else path, functions)
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
    needed, here = machine_of(path), machine_of(sys.executable)
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
