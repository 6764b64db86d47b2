"""A client of the fault campaign in Python: what client.c is, over the binding.

It keeps the same books for the judge (../books.go has the layout) and takes the same arguments, as far as it
knows them.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import random
import sys
import threading
import time
from pathlib import Path

import openlts
from openlts import EventKind, OperationType, StateFlag, StatusCode

TYPES = 3
LINES = 255

#: What an authorization may fail with while the network is disturbed.
UNREACHED = (
    StatusCode.FAILED_TO_REACH_LTS,
    StatusCode.SERVER_RESPONSE_INVALID,
    StatusCode.SERVER_KEY_MISMATCH,  # an answer that was altered on its way
    StatusCode.SERVER_FAILED,
    StatusCode.REQUEST_RATE_LIMITED,
)
#: What a submission may fail with then.
NOT_SUBMITTED = (
    *UNREACHED,
    StatusCode.REPORTS_PENDING,
    StatusCode.DEADLINE_EXCEEDED,
    # To a request that was altered on its way:
    StatusCode.REQUEST_NOT_AUTHENTICATED,
    StatusCode.REQUEST_MALFORMED,
    StatusCode.PROTOCOL_VERSION,
)


class Line(ctypes.Structure):
    """A line of the books: of one thread or forked child. Its counters are stored in one instruction each."""

    _fields_ = [
        ("started", ctypes.c_uint64 * TYPES),
        ("acked", ctypes.c_uint64 * TYPES),
        ("reserved", ctypes.c_uint64 * 2),
    ]


class Books(ctypes.Structure):
    """The judge's books: a file mapped into memory and shared, which survives SIGKILL."""

    _fields_ = [
        ("opened", ctypes.c_uint64),
        ("forks", ctypes.c_uint64),
        ("state_flags", ctypes.c_uint64),
        ("announced", ctypes.c_uint64),
        ("reserved", ctypes.c_uint64 * 4),
        ("lines", Line * LINES),
    ]


def open_books(path: str) -> Books:
    with Path(path).open("w+b") as file:
        file.truncate(ctypes.sizeof(Books))
        return Books.from_buffer(mmap.mmap(file.fileno(), ctypes.sizeof(Books), mmap.MAP_SHARED))


class Clock:
    """With the test build of the library: a clock that follows a file, which says how many seconds it is to be ahead
    (../clock.go)."""

    def __init__(self, library: str, path: str, *, steps: bool) -> None:
        self.ahead = 0
        loaded = ctypes.CDLL(library)
        self._move = loaded.LTS_TestkitStepClock if steps else loaded.LTS_TestkitMoveClock
        self._move.argtypes = [ctypes.c_int64]
        with Path(path).open("rb") as file:
            self._wanted = memoryview(mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)).cast("q")
        self._set()
        threading.Thread(target=self._follow, daemon=True).start()

    def _set(self) -> None:
        by = self._wanted[0] - self.ahead
        if by != 0:
            self._move(by)
            self.ahead += by

    def _follow(self) -> None:
        while True:
            self._set()
            time.sleep(0.001)


class ViolationError(Exception):
    """The library did what it must not."""


class Client:
    def __init__(self, arguments: dict[str, str]) -> None:
        self.arguments = arguments
        self.books = open_books(arguments["counters"])
        self.buffer = int(arguments.get("buffer", "0"))
        self.random = random.Random(int(arguments["seed"]))
        self.next_line = 0
        self.clock = None
        if "clock" in arguments:
            self.clock = Clock(arguments["library"], arguments["clock"], steps="steps" in arguments)
        self.far = "far" in arguments
        self.trouble = "trouble" in arguments
        self.license: openlts.License | None = None
        self.types: list[int] = [OperationType.QR_CODE, OperationType.EAN_13]
        self.stopping = False
        self.broken: BaseException | None = None
        self.parameters = openlts.ConnectionParameters(
            main_server_url=arguments["main"],
            standby_server_url=arguments.get("standby", ""),
            handshake_code=arguments["code"],
            data_directory=arguments["data"],
            resubmit=int(arguments.get("resubmit", "0")),
            slot_seconds=1,
            init_timeout_milliseconds=3000,
            request_timeout_milliseconds=800,
        )

    def new_recorder(self) -> Recorder:
        recorder = Recorder(self.books.lines[self.next_line], self.buffer, self.random.random())
        self.next_line += 1
        return recorder

    def open(self) -> openlts.License | None:
        try:
            license = openlts.License.from_lts(self.parameters)
        except openlts.LTSError as error:
            if error.status in UNREACHED or self.out_of_reach(error):
                return None
            raise ViolationError(f"the authorization failed: {error}") from error
        try:
            self.types[2:] = [license.define_operation_type("CAMPAIGN")]
        except openlts.LTSError as error:
            if not self.out_of_reach(error):
                raise
            license.close(0)
            return None
        self.books.opened += 1
        self.check(license)
        return license

    def out_of_reach(self, error: openlts.LTSError) -> bool:
        """Whether an error only says that the ledger could not be had in time."""
        return self.trouble and error.status in (StatusCode.LICENSE_BUFFER_FAILED, StatusCode.DEADLINE_EXCEEDED)

    def check(self, license: openlts.License) -> None:
        try:
            info = license.info()
        except openlts.LTSError as error:
            if not self.out_of_reach(error):
                raise
            return
        self.books.state_flags |= info.state_flags
        if info.recorded != info.accepted + info.pending + info.lost:
            raise ViolationError(f"recorded is not accepted + pending + lost: {info}")
        given_up = info.lost_expired if self.far else 0
        alarming = StateFlag.STORAGE_RECOVERED | (0 if self.trouble else StateFlag.STORAGE_DEGRADED)
        if info.lost != given_up or info.state_flags & alarming:
            raise ViolationError(f"storage trouble or loss, and nothing was damaged: {info}")
        while event := license.poll_event():
            if event.kind == EventKind.INTERNAL_ERROR and not (
                self.trouble and event.status_code in (StatusCode.LICENSE_BUFFER_FAILED, StatusCode.DEADLINE_EXCEEDED)
            ):
                raise ViolationError(f"the library reports an internal error: {event.message}")

    def record_all_the_time(self, recorder: Recorder) -> None:
        try:
            while not self.stopping:
                license = self.license
                if license is None:
                    time.sleep(0.001)
                    continue
                recorder.record(license, self.types, 1 + recorder.random.randrange(3))
                if recorder.random.randrange(16) == 0:
                    time.sleep(recorder.random.random() * 0.004)
            if self.license is not None:
                recorder.flush(self.license, self.types)
        except BaseException as error:
            self.broken = error

    def fork(self, license: openlts.License) -> None:
        recorder = self.new_recorder()
        self.books.forks += 1
        until = time.monotonic() + self.random.random() * 1.5
        if os.fork() == 0:
            try:
                while time.monotonic() < until:
                    recorder.record(license, self.types, 1)
                    time.sleep(recorder.random.random() * 0.003)
                recorder.flush(license, self.types)
            except BaseException as error:
                print("client.py, forked:", repr(error), file=sys.stderr, flush=True)
                os._exit(3)
            os._exit(0)

    def act(self, license: openlts.License, recorder: Recorder) -> None:
        action = self.random.randrange(8)
        if action <= 1:
            timeout = self.random.random() * 1.5
            try:
                license.submit(timeout)
            except openlts.LTSError as error:
                if error.status not in NOT_SUBMITTED and not self.out_of_reach(error):
                    raise
        elif action == 2:
            self.check(license)
        elif action == 3:
            type_index = self.random.randrange(TYPES)
            recorder.line.started[type_index] += 5
            moment = int(time.time()) - self.random.randrange(20 * 144) * 600 + (self.clock.ahead if self.clock else 0)
            try:
                license.record_at(self.types[type_index], 5, moment)
            except openlts.LTSError as error:
                if error.status == StatusCode.TIME_OUT_OF_RANGE and self.clock:  # it was set meanwhile
                    recorder.line.started[type_index] -= 5
                elif not self.out_of_reach(error):
                    raise
            else:
                recorder.line.acked[type_index] += 5
        elif action == 4 and self.next_line < LINES and self.random.randrange(4) == 0:
            self.fork(license)
        elif action == 5:
            for _ in range(200):
                recorder.record(license, self.types, 1)
        else:
            time.sleep(0.001 + self.random.random() * 0.08)
        if self.broken is not None:
            raise self.broken
        reap()

    def run(self) -> None:
        own = self.new_recorder()
        threads = [
            threading.Thread(target=self.record_all_the_time, args=(self.new_recorder(),), daemon=True)
            for _ in range(int(self.arguments["threads"]))
        ]
        for thread in threads:
            thread.start()
        until = time.monotonic() + int(self.arguments["milliseconds"]) / 1000
        without_close = self.arguments["end"] == "exit"
        license = None
        while time.monotonic() < until:
            license = self.open()
            if license is None:
                time.sleep(0.02 + self.random.random() * 0.1)
                continue
            self.license = license
            for _ in range(3 + self.random.randrange(40)):
                if time.monotonic() >= until:
                    break
                self.act(license, own)
            if time.monotonic() >= until and (without_close or self.buffer):
                break
            # The threads go on recording while the license is closed.
            own.flush(license, self.types)
            license.close(self.random.choice((0, self.random.random() * 1.5)))
            license = None
        if without_close and not self.buffer:
            os._exit(0)
        self.stopping = True
        for thread in threads:
            thread.join()
        if self.broken is not None:
            raise self.broken
        if license is not None and not without_close:
            own.flush(license, self.types)
            license.close(0.5)


class Recorder:
    """Who records: a thread or a forked child, with its line of the books."""

    def __init__(self, line: Line, buffer: int, seed: float) -> None:
        self.line = line
        self.buffer = buffer
        self.random = random.Random(seed)
        self.held = [0] * TYPES
        self.holding = 0

    def record(self, license: openlts.License, types: list[int], count: int) -> None:
        type_index = self.random.randrange(TYPES)
        self.line.started[type_index] += count
        if self.buffer:  # the mistake: acknowledged, and counted only later
            self.held[type_index] += count
            self.line.acked[type_index] += count
            self.holding += 1
            if self.holding >= self.buffer:
                self.flush(license, types)
        elif recorded(license, types[type_index], count):
            self.line.acked[type_index] += count
        else:
            self.line.started[type_index] -= count

    def flush(self, license: openlts.License, types: list[int]) -> None:
        for type_index, held in enumerate(self.held):
            if held and recorded(license, types[type_index], held):
                self.held[type_index] = 0
        self.holding = 0


def recorded(license: openlts.License, operation_type: int, count: int) -> bool:
    """Records, and tells whether it counted: another thread may have closed the license meanwhile."""
    try:
        license.record(operation_type, count)
    except openlts.LTSError as error:
        if error.status != StatusCode.INVALID_HANDLE:
            raise
        return False
    return True


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main() -> int:
    arguments = dict(argument.split("=", 1) for argument in sys.argv[1:])
    openlts.load(arguments["library"])
    try:
        Client(arguments).run()
    except Exception as error:
        print("client.py:", repr(error), file=sys.stderr, flush=True)
        os._exit(3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
