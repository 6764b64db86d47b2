"""Recording, the one call that is made for every operation: in C if the extension ``_record`` is there, else in Python.

Both do the same. The extension is optional; a wheel that was built where there is a compiler carries it, and it costs
about as much as an empty Python function, some ten times less than a call by ctypes. PyPy needs none: see
``Library.record_operation``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .c_values import int32

if TYPE_CHECKING:
    from .library import Library


class PythonRecorder:
    """The part of a license that records."""

    def __init__(self, library: Library, handle: int) -> None:
        self._library = library
        self._handle = handle

    def record(self, operation_type: int, count: int = 1) -> None:
        """Records ``count`` successful operations, done now.

        Never blocks. Once it returned, the operations are counted exactly once, even if the process is killed in the
        next instant. Works in a forked process too.

        Raises :class:`LTSError`: -20301 if the license is closed, -20310 for an unknown operation type, -20300 for a
        negative count; nothing is counted then.
        """
        if (operation_type | count) >> 31:  # negative, or more than would be passed on uncut
            status = self._library.record_operation(self._handle, int32(operation_type), int32(count))
        else:
            status = self._library.record_operation(self._handle, operation_type, count)
        if status:
            raise self._library.error(status, f"record {count} operations of type {operation_type:d}")


Recorder = PythonRecorder

# The stable ABI has what the extension uses since Python 3.10. It is not that of a Python without the interpreter lock
# ("t"), which finds the extension all the same, and loads it as if it were.
if sys.version_info >= (3, 10) and "t" not in getattr(sys, "abiflags", ""):
    try:
        from . import _record
    except ImportError:  # not built, or for another kind of Python
        pass
    else:

        class ExtensionRecorder(_record.Recorder):
            """The same in C. Whatever does not succeed is left to Python, which raises the error."""

            def __init__(self, library: Library, handle: int) -> None:
                super().__init__(library.record_operation_address, handle, PythonRecorder(library, handle).record)
                self._library = library
                self._handle = handle

        if not TYPE_CHECKING:  # the two have the same methods
            Recorder = ExtensionRecorder
