"""A process forked after its parent opened a license: what it records counts, everything else is refused at once.

Each test runs in a Python process of its own, under a deadline, since the failure to guard against is a hang.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lts_server import LTSServer, environment_of_children

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

#: How a child does without the C extension.
WITHOUT_EXTENSION = """
import sys
sys.modules["openlts._record"] = None
"""

IMPORT = """
import gc, multiprocessing, os, sys, time, warnings
import openlts
from openlts import ConnectionParameters, License, LTSError, OperationType

warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of any fork in a process with threads
parameters = ConnectionParameters(
    main_server_url=sys.argv[2], handshake_code="100001-reader", data_directory=sys.argv[3])
"""

OPEN = """
openlts.load(sys.argv[1])
license = License.from_lts(parameters)
license.record(OperationType.QR_CODE, 1)

def work():
    license.record(OperationType.QR_CODE, 10)
    for call in (
        lambda: license.record_at(OperationType.QR_CODE, 1, time.time()),
        lambda: license.define_operation_type("MRZ"),
        lambda: license.submit(timeout=5),
        lambda: license.poll_event(timeout=5),
        lambda: license.info(),
        lambda: license.close(timeout=5),
        lambda: License.from_lts(parameters),
        lambda: openlts.device_uuid(parameters),
    ):
        try:
            call()
        except LTSError as error:
            assert error.status == -20303, error
        else:
            raise AssertionError("the call was not refused")
    assert openlts.status_name(-20303) == "FORKED"
    license.record(OperationType.QR_CODE, 100)
"""

MULTIPROCESSING = """
processes = [multiprocessing.get_context("fork").Process(target=work) for _ in range(3)]
for process in processes:
    process.start()
for process in processes:
    process.join()
    assert process.exitcode == 0, process.exitcode
license.record(OperationType.QR_CODE, 2)
license.submit(timeout=30)
license.close(timeout=30)
print("done")
"""

FORKED_CHILD_ENDS_NORMALLY = """
child = os.fork()
if child == 0:
    work()
    sys.exit(7)  # the interpreter's ordinary end, with the license still open
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
child = os.fork()
if child == 0:
    del license
    gc.collect()
    os._exit(8)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8
license.record(OperationType.QR_CODE, 2)
license.submit(timeout=30)
license.close(timeout=30)
print("done")
"""

LOADED_AFTER_FORK = """
def whole_life():
    openlts.load(sys.argv[1])
    with License.from_lts(parameters) as own:
        own.record(OperationType.EAN_13, 3)
        own.submit(timeout=30)

process = multiprocessing.get_context("fork").Process(target=whole_life)
process.start()
process.join()
assert process.exitcode == 0, process.exitcode
print("done")
"""


FORK_WHILE_LOADING = """
import threading

loading, forked = threading.Event(), threading.Event()

class SlowPath:
    def __fspath__(self):
        loading.set()
        forked.wait()
        return sys.argv[1]

loader = threading.Thread(target=openlts.load, args=(SlowPath(),))
loader.start()
loading.wait()
child = os.fork()
if child == 0:
    openlts.load(sys.argv[1])  # must not wait for a thread that is not here
    os._exit(7)
forked.set()
loader.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
print("done")
"""


def run(program: str, server: LTSServer, library_path: Path, home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", program, str(library_path), server.url, str(home / "device")],
        env=environment_of_children(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("prelude", ["", WITHOUT_EXTENSION], ids=["extension", "python"])
def test_multiprocessing(prelude: str, server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    run(prelude + IMPORT + OPEN + MULTIPROCESSING, server, library_path, tmp_path)
    assert server.total() == 1 + 3 * 110 + 2


def test_forked_child_ends_normally(server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    run(IMPORT + OPEN + FORKED_CHILD_ENDS_NORMALLY, server, library_path, tmp_path)
    assert server.total() == 1 + 110 + 2


def test_first_use_after_the_fork(server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    run(IMPORT + LOADED_AFTER_FORK, server, library_path, tmp_path)
    assert server.total() == 3


def test_fork_while_another_thread_loads(server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    run(IMPORT + FORK_WHILE_LOADING, server, library_path, tmp_path)
