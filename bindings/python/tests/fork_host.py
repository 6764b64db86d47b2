"""A host that forks with a license open, in the ways Python programs do: the program that test_prefork.py runs.

usage: fork_host.py SCENE LIBRARY URL DATA-DIRECTORY [python]

Prints its books as JSON: units that were begun, and those whose recording returned. SCENE is a function below.
"""

from __future__ import annotations

import concurrent.futures
import gc
import json
import mmap
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Callable, NoReturn

if sys.argv[5:] == ["python"]:
    sys.modules["openlts._record"] = None  # type: ignore[assignment]

import openlts
from openlts import ConnectionParameters, License, LTSError, OperationType, StatusCode

warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of any fork in a process with threads

#: Whatever hangs is ended by a signal.
DEADLINE_SECONDS = 300

TYPE = OperationType.QR_CODE

license: License


def parameters() -> ConnectionParameters:
    return ConnectionParameters(
        main_server_url=sys.argv[3], handshake_code="100001-reader", data_directory=sys.argv[4], slot_seconds=1
    )


class Books:
    """Units begun and recorded, in memory that forks share, so that it outlives each of them: two numbers for each who
    records, so that nobody has to wait for another."""

    def __init__(self, writers: int) -> None:
        self._numbers = memoryview(mmap.mmap(-1, 16 * writers)).cast("q")

    def record(self, writer: int, count: int = 1) -> None:
        self._numbers[2 * writer] += count
        license.record(TYPE, count)
        self._numbers[2 * writer + 1] += count

    def begun(self) -> int:
        return sum(self._numbers[::2])

    def recorded(self) -> int:
        return sum(self._numbers[1::2])

    def print(self) -> None:
        print(json.dumps({"begun": self.begun(), "recorded": self.recorded()}))


def end_of(child: int) -> int:
    """Waits for a child: its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fork(work: Callable[[], None]) -> int:
    """Forks a child that does the work and then ends as a Python program does, with everything that belongs to it."""
    child = os.fork()
    if child != 0:
        return child
    signal.alarm(DEADLINE_SECONDS)
    work()
    sys.exit(0)


def close() -> None:
    license.submit(timeout=30)
    assert license.close(timeout=30) == StatusCode.OK


# ---------------------------------------------------------------- a server that forks its workers ahead

WORKERS = 4
KILLS = 25
SLOTS = 2  # of a second each, that pass at the least


def workers() -> None:
    """A master that forks workers, kills one now and then, and forks another in its place; with a thread of its own
    that records meanwhile. Each worker records on two threads."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    chance = random.Random(seed)
    books = Books(2 * WORKERS + 1)
    no_more = threading.Event()

    def serve(worker: int) -> NoReturn:
        signal.alarm(DEADLINE_SECONDS)
        stopped = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

        def decode(writer: int) -> None:
            while not stopped.is_set():
                books.record(writer, 3)
                time.sleep(0)

        second = threading.Thread(target=decode, args=(2 * worker + 1,))
        second.start()
        decode(2 * worker)
        second.join()
        if worker % 2:
            os._exit(0)
        sys.exit(0)

    def fork_worker(worker: int) -> int:
        # A signal that comes before the child has its handler waits for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        child = os.fork()
        if child == 0:
            serve(worker)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return child

    def record_in_master() -> None:
        while not no_more.is_set():
            books.record(2 * WORKERS)
            time.sleep(0)

    children = [fork_worker(worker) for worker in range(WORKERS // 2)]  # before anything was recorded
    master = threading.Thread(target=record_in_master)
    master.start()
    children += [fork_worker(worker) for worker in range(WORKERS // 2, WORKERS)]
    begin = time.time()
    kills = 0
    while kills < KILLS or time.time() < begin + SLOTS:
        kills += 1
        enough = books.recorded() + chance.randrange(2000)
        while books.recorded() < enough:
            time.sleep(0.001)
        worker = chance.randrange(WORKERS)
        os.kill(children[worker], signal.SIGKILL)
        assert end_of(children[worker]) == -signal.SIGKILL
        children[worker] = fork_worker(worker)
    for child in children:
        os.kill(child, signal.SIGTERM)
    assert [end_of(child) for child in children] == [0] * WORKERS
    no_more.set()
    master.join()
    close()
    books.print()


# ---------------------------------------------------------------- pools of the standard library

JOBS = 40


def job(number: int) -> int:
    """What a worker of a pool is given to do: records so many units, and answers how many."""
    for _ in range(number):
        license.record(TYPE)
    return number


def die(_: int) -> None:
    license.record(TYPE)
    os.kill(os.getpid(), signal.SIGKILL)


def pools() -> None:
    """Workers of multiprocessing and concurrent.futures that are forked; one of them dies, and its pool with it."""
    fork_context = multiprocessing.get_context("fork")
    recorded = 0
    processes = [fork_context.Process(target=job, args=(number,)) for number in range(4)]
    for process in processes:
        process.start()
    for number, process in enumerate(processes):
        process.join()
        assert process.exitcode == 0, process.exitcode
        recorded += number
    # Each worker is replaced by a fresh one after some jobs.
    with fork_context.Pool(3, maxtasksperchild=5) as pool:
        recorded += sum(pool.map(job, range(JOBS), chunksize=1))
        pool.close()
        pool.join()
    with concurrent.futures.ProcessPoolExecutor(3, mp_context=fork_context) as executor:
        recorded += sum(executor.map(job, range(JOBS)))
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork_context) as executor:
        try:
            executor.submit(die, 0).result()
        except concurrent.futures.process.BrokenProcessPool:
            recorded += 1
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=fork_context) as executor:
        recorded += sum(executor.map(job, range(JOBS)))
    close()
    print(json.dumps({"begun": recorded, "recorded": recorded}))


# ---------------------------------------------------------------- the parent's license in a child


def refused(call: Callable[[], object]) -> None:
    """The call raises what a forked process is told, in a sentence that helps."""
    try:
        call()
    except LTSError as error:
        assert error.status == StatusCode.FORKED, error
        assert error.name == "FORKED"
        assert "forked" in str(error), error
        assert "after the fork" in str(error), error
    else:
        raise AssertionError("the call was not refused")


def children() -> None:
    """Children drop the license, close it, end in every way there is: the parent's stays open, and nothing hangs."""
    global license
    books = Books(1)
    waiting = threading.Thread(target=license.poll_event, kwargs={"timeout": 30})
    waiting.start()  # a thread inside of the library while others fork

    def drop() -> None:
        global license
        books.record(0)
        del license
        gc.collect()

    def drop_in_a_cycle() -> None:
        global license
        books.record(0)
        cycle: list[object] = [license]
        cycle.append(cycle)
        del cycle, license
        gc.collect()

    def keep() -> None:
        books.record(0)

    def exception_and_cleanup() -> None:
        try:
            raise ValueError
        except ValueError:
            books.record(0)
            refused(license.close)
            refused(lambda: license.close(timeout=0))
            assert not license.closed
            books.record(0)

    def refusals() -> None:
        books.record(0)
        for call in (
            lambda: license.record_at(TYPE, 1, time.time()),
            lambda: license.define_operation_type("MRZ"),
            license.submit,
            license.poll_event,
            license.info,
            lambda: License.from_lts(parameters()),
            lambda: License.from_key("LTS1e30="),
            lambda: openlts.device_uuid(parameters()),
        ):
            refused(call)

    def leave_by_exit() -> None:
        books.record(0)
        os._exit(0)

    def grandchildren() -> None:
        for work in (keep, drop, leave_by_exit):  # one after the other: they share a place in the books
            assert end_of(fork(work)) == 0, work.__name__

    for work in (drop, drop_in_a_cycle, keep, exception_and_cleanup, refusals, leave_by_exit, grandchildren):
        assert end_of(fork(work)) == 0, work.__name__
        books.record(0)  # the parent's is as it was
        assert not license.closed
        license.submit(timeout=30)
    assert license.info().recorded == books.recorded()
    close()
    waiting.join()
    # The license that was closed, in a child of later: told so, and no harm done.
    assert end_of(fork(refuse_closed)) == 0
    books.print()


def refuse_closed() -> None:
    assert license.close() == StatusCode.OK
    try:
        license.record(TYPE)
    except LTSError as error:
        assert error.status == StatusCode.INVALID_HANDLE, error
    else:
        raise AssertionError("the call was not refused")


def with_block() -> None:
    """A child leaves the with block that its parent's license was opened for."""
    books = Books(1)
    with license:
        child = os.fork()
        if child == 0:
            signal.alarm(DEADLINE_SECONDS)
            books.record(0)
            sys.exit(7)
        assert end_of(child) == 7
        books.record(0)
    books.print()


# ---------------------------------------------------------------- start methods that do not fork


def whole_life(arguments: list[str], units: int) -> int:
    """A license of the child's own, in the directory of its parent's."""
    sys.argv[1:] = arguments
    openlts.load(sys.argv[2])
    with License.from_lts(parameters()) as own:
        for _ in range(units):
            own.record(TYPE)
        own.submit(timeout=30)
    return units


def spawned() -> None:
    """Children that begin anew open licenses of their own while the parent has one open."""
    recorded = 0
    for method in ("spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            works = [pool.apply_async(whole_life, (sys.argv[1:], units)) for units in (5, 7, 11)]
            for _ in range(100):
                license.record(TYPE)
                recorded += 1
            recorded += sum(work.get(DEADLINE_SECONDS) for work in works)
    close()
    print(json.dumps({"begun": recorded, "recorded": recorded}))


SCENES = {scene.__name__: scene for scene in (workers, pools, children, with_block, spawned)}


def main() -> None:
    global license
    signal.alarm(DEADLINE_SECONDS)
    openlts.load(Path(sys.argv[2]))
    license = License.from_lts(parameters())
    SCENES[sys.argv[1]]()


if __name__ == "__main__":
    main()
