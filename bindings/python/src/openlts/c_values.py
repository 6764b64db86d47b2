"""Values as the native library takes and gives them."""

from __future__ import annotations

import math
import os

from .definitions import StatusCode
from .errors import LTSError


def int32(value: int) -> int:
    """``value``, or -1 if it needs more than the 32 bits of a C integer, which ctypes would cut off silently.

    -1 is no valid status, count, or operation type, so that the library answers with the proper error.
    """
    return value if -0x80000000 <= value <= 0x7FFFFFFF else -1


def milliseconds(seconds: float) -> int:
    """A timeout; one longer than 24 days becomes that, a negative one -1, which the library refuses."""
    if seconds < 0:
        return -1
    try:
        return min(math.ceil(seconds * 1000), 0x7FFFFFFF)
    except OverflowError:
        return 0x7FFFFFFF


def utf8(value: str | os.PathLike[str], name: str) -> bytes:
    """A text or path, called ``name`` in errors: UTF-8, without the NUL that would end it early."""
    if not isinstance(value, (str, os.PathLike)):
        raise LTSError(StatusCode.INVALID_ARGUMENT, f"{name} must be a text, not {type(value).__name__}.")
    try:
        # surrogateescape gives the bytes of a file name which is not UTF-8 back as they are on the disk.
        encoded = os.fspath(value).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise LTSError(StatusCode.INVALID_ARGUMENT, f"{name} holds characters that UTF-8 does not know.") from None
    if b"\0" in encoded:
        raise LTSError(StatusCode.INVALID_ARGUMENT, f"{name} must not hold a NUL character.")
    return encoded


def text(value: bytes) -> str:
    """A text of the library, which may have been cut within a character."""
    return value.decode("utf-8", "replace")
