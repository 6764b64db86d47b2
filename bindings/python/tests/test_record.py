"""License.record does the same in C and in Python."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from typing import Any

import pytest
from lts_fixtures import OpenLicense
from lts_server import LTSServer, environment_of_children

from openlts import ConnectionParameters, License, LTSError, OperationType, StatusCode
from openlts.library import loaded
from openlts.recorder import PythonRecorder, Recorder

pytestmark = pytest.mark.usefixtures("recorder")

needs_extension = pytest.mark.skipif(Recorder is PythonRecorder, reason="there is no C extension")


class Index:
    """Not a number, but usable as one."""

    def __index__(self) -> int:
        return 1


def test_everything_is_counted(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()
    license.record(OperationType.QR_CODE)
    license.record(OperationType.QR_CODE, 2)
    license.record(OperationType.QR_CODE, count=30)
    license.record(operation_type=OperationType.QR_CODE, count=400)
    license.record(int(OperationType.QR_CODE), True)
    license.record(license.define_operation_type("MRZ"), 5000)
    license.record(OperationType.EAN_13, 0)
    license.record(OperationType.EAN_13, 0x7FFFFFFF)
    license.submit(timeout=30)
    assert server.counts("type") == {("QR_CODE",): 434, ("MRZ",): 5000, ("EAN_13",): 0x7FFFFFFF}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((OperationType.QR_CODE, -1), StatusCode.INVALID_ARGUMENT),
        ((OperationType.QR_CODE, -(2**31)), StatusCode.INVALID_ARGUMENT),
        ((OperationType.QR_CODE, 2**31), StatusCode.INVALID_ARGUMENT),
        ((OperationType.QR_CODE, 2**32 + 1), StatusCode.INVALID_ARGUMENT),
        ((OperationType.QR_CODE, 2**64 + 1), StatusCode.INVALID_ARGUMENT),
        ((-1,), StatusCode.UNKNOWN_OPERATION_TYPE),
        ((255,), StatusCode.UNKNOWN_OPERATION_TYPE),
        ((256,), StatusCode.UNKNOWN_OPERATION_TYPE),
        ((2**32,), StatusCode.UNKNOWN_OPERATION_TYPE),
        ((2**64,), StatusCode.UNKNOWN_OPERATION_TYPE),
    ],
)
def test_refusals(open_license: OpenLicense, arguments: tuple[int, ...], status: StatusCode) -> None:
    license = open_license()
    with pytest.raises(LTSError) as failed:
        license.record(*arguments)
    assert failed.value.status == status
    assert failed.value.message.startswith(f"Failed to record {[*arguments, 1][1]} operations of type {arguments[0]:d}")
    assert license.info().recorded == 0


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((), {}),
        ((), {"count": 1}),
        ((OperationType.QR_CODE, 1, 1), {}),
        ((OperationType.QR_CODE, 1), {"count": 1}),
        ((OperationType.QR_CODE,), {"counts": 1}),
        ((OperationType.QR_CODE,), {"operation_type": 1}),
        ((OperationType.QR_CODE,), {"count": 1, "more": 1}),
        (("QR_CODE",), {}),
        ((1.0,), {}),
        ((None,), {}),
        ((OperationType.QR_CODE, "1"), {}),
        ((OperationType.QR_CODE, 1.0), {}),
        ((OperationType.QR_CODE,), {"count": None}),
        ((Index(),), {}),
        ((OperationType.QR_CODE, Index()), {}),
    ],
)
def test_what_is_no_number(open_license: OpenLicense, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    license = open_license()
    with pytest.raises(TypeError):
        license.record(*arguments, **keywords)
    assert license.info().recorded == 0


def test_closed_license(open_license: OpenLicense) -> None:
    license = open_license()
    license.record(OperationType.QR_CODE)
    license.close(timeout=30)
    with pytest.raises(LTSError) as failed:
        license.record(OperationType.QR_CODE)
    assert failed.value.status == StatusCode.INVALID_HANDLE


def test_threads(server: LTSServer, open_license: OpenLicense) -> None:
    license = open_license()

    def work() -> None:
        for _ in range(1000):
            license.record(OperationType.QR_CODE, 3)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    license.submit(timeout=30)
    assert server.total() == 24_000


@pytest.mark.skipif(not hasattr(sys, "getrefcount"), reason="this Python counts no references")
def test_references(open_license: OpenLicense) -> None:
    license = open_license()
    operation_type, count = 100_000, 200_000
    before = sys.getrefcount(operation_type), sys.getrefcount(count)
    for _ in range(1000):
        with pytest.raises(LTSError):
            license.record(operation_type, count)
        with pytest.raises(LTSError):
            license.record(operation_type, count=count)
    assert (sys.getrefcount(operation_type), sys.getrefcount(count)) == before


def test_subclass(server: LTSServer, parameters: ConnectionParameters) -> None:
    class Doubling(License):
        def record(self, operation_type: int, count: int = 1) -> None:
            super().record(operation_type, 2 * count)

    with Doubling.from_lts(parameters) as license:
        license.record(OperationType.QR_CODE, 4)
    assert server.total() == 8


def test_help() -> None:
    assert "exactly once" in (License.record.__doc__ or "")


@needs_extension
def test_extension_calls_the_loaded_library() -> None:
    assert not issubclass(License, PythonRecorder)
    function = loaded().functions.LTS_RecordOperation
    assert loaded().record_operation_address == ctypes.cast(function, ctypes.c_void_p).value


@needs_extension
def test_extension_that_was_not_initialized() -> None:
    from openlts import _record

    with pytest.raises(RuntimeError, match="was not called"):
        _record.Recorder.__new__(_record.Recorder).record(OperationType.QR_CODE)
    for arguments in ((), (1, 2), ("1", 2, print), (1, 2, print, 4)):
        with pytest.raises(TypeError):
            _record.Recorder(*arguments)
    with pytest.raises(TypeError):
        _record.Recorder(1, 2, otherwise=print)  # type: ignore[call-arg]


def test_no_extension_without_an_interpreter_lock() -> None:
    """Such a Python finds one for the stable ABI, but has another ABI."""
    program = """
import sys
sys.abiflags = "t"
import openlts.recorder
print(openlts.recorder.Recorder.__name__, "openlts._record" in sys.modules)
"""
    said = subprocess.run(
        [sys.executable, "-c", program],
        env=environment_of_children(),
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert said.stdout == "PythonRecorder False\n"
