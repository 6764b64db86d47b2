"""What recording costs in Python. Run by build/bench; prints JSON for bench/record/run.py.

usage: record.py URL HANDSHAKE-CODE DIRECTORY ROUNDS CALLS
"""

from __future__ import annotations

import ctypes
import json
import platform
import sys
import timeit
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings/python/src"))

import openlts  # noqa: E402  (found by the line above)
from openlts.library import loaded  # noqa: E402
from openlts.recorder import PythonRecorder, Recorder  # noqa: E402


def empty_function(operation_type: int, count: int) -> None:
    pass


def main() -> None:
    url, code, directory, rounds, calls = sys.argv[1:]
    openlts.load(ROOT / "out/lib/libopenlts.so")
    # Called as the binding calls the library: the interpreter's lock is kept.
    empty_native = ctypes.PyDLL(str(ROOT / "out/bench/libbaseline.so")).baseline_empty
    empty_native.restype = ctypes.c_int32
    empty_native.argtypes = (ctypes.c_int64, ctypes.c_int32, ctypes.c_int32)

    parameters = openlts.ConnectionParameters(
        main_server_url=url, handshake_code=code, data_directory=Path(directory, "python")
    )
    with openlts.License.from_lts(parameters) as license:
        by_ctypes = PythonRecorder(loaded(), license.handle)
        names = {
            "empty_function": empty_function,
            "empty_native": empty_native,
            "record_native": loaded().record_operation,
            "handle": license.handle,
            "license": license,
            "by_ctypes": by_ctypes,
            "QR_CODE": openlts.OperationType.QR_CODE,
            "number": int(openlts.OperationType.QR_CODE),
        }
        cases = [
            ("empty_function", "an empty Python function", "empty_function(QR_CODE, 1)", None),
            ("empty_native", "an empty C function by ctypes", "empty_native(handle, number, 1)", None),
            (
                "ctypes",
                "LTS_RecordOperation by ctypes",
                "record_native(handle, number, 1)",
                "empty_native",
            ),
            ("record_ctypes", "License.record by ctypes", "by_ctypes.record(QR_CODE, 1)", "empty_native"),
        ]
        if Recorder is not PythonRecorder:
            cases.append(
                ("record_extension", "License.record by the extension", "license.record(QR_CODE, 1)", "empty_function")
            )
        timers = {name: timeit.Timer(statement, globals=names) for name, _, statement, _ in cases}
        measured: dict[str, list[float]] = {name: [] for name in timers}
        for round_number in range(int(rounds) + 1):
            for name, timer in timers.items():
                nanoseconds = timer.timeit(int(calls)) / int(calls) * 1e9
                if round_number > 0:  # the first warms up
                    measured[name].append(nanoseconds)
    print(
        json.dumps(
            {
                "language": f"{platform.python_implementation()} {platform.python_version()}",
                "cases": [
                    {"name": name, "description": description, "baseline": baseline, "rounds": measured[name]}
                    for name, description, _, baseline in cases
                ],
            }
        )
    )


main()
