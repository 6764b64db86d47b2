"""Tries one host, and compares what it recorded with what the server counted."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

from .host import Host, Service, Surroundings
from .places import BINDING, BUILT, HERE, LIBRARY, ROOT, VENV
from .processes import lives, members, reaped
from .requests import connected
from .trackingserver import TrackingServer

#: What each program records, and each request.
RECORDED_BY_PROGRAM = Counter({"QR_CODE": 4000, "PAGE_SCANNED": 500})
RECORDED_BY_REQUEST = Counter({"QR_CODE": 1})
REQUESTS = 100

#: How many workers each service has.
WORKERS = 2

#: No host takes that long, unless it hangs.
PATIENCE = 300

#: How many seconds what a host started may take to end after it.
LINGER = 15


class Failure(Exception):  # noqa: N818
    """What a host did that it must not do."""


_built: Dict[Tuple[str, ...], str] = {}
_building = threading.Lock()


def build(host: Host) -> None:
    """Runs the host's build commands, each once for all hosts."""
    with _building:
        BUILT.mkdir(parents=True, exist_ok=True)
        for command in host.build:
            if command not in _built:
                done = subprocess.run(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
                )
                _built[command] = f"{' '.join(command)}\n{done.stdout}{done.stderr}" if done.returncode != 0 else ""
            if _built[command]:
                raise Failure(_built[command])


def judge(host: Host, server: TrackingServer, folder: Path) -> str:
    """Tries the host; answers what was proven, or raises Failure."""
    build(host)
    folder.mkdir()
    key = server.key(host.name, str(folder / "data"))
    here = host.surroundings(str(folder), key)
    recorded: Counter = Counter()
    if host.service:
        recorded += _service(host, here, killed=False)
        recorded += _service(host, here, killed=True)
    elif host.daemon:
        recorded += _daemon(host, here)
    else:
        recorded += _program(host, here)
        if host.killed:
            recorded += _killed_program(host, here)

    total = sum(recorded.values())
    account = _settle(key, total)
    counted = server.counted(host.name)
    if counted != recorded:
        raise Failure(f"recorded {_text(recorded)}, but the server counted {_text(counted)}; account: {account}")
    if account != {"recorded": total, "accepted": total, "pending": 0, "lost": 0}:
        raise Failure(f"{total} were recorded, but the account is {account}")
    return f"{total:,} recorded and counted"


def _text(counts: "Counter[str]") -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"


class _Process:
    """A host that runs: its output is looked at when it has ended."""

    def __init__(self, host: Host, here: Surroundings) -> None:
        self._host = host
        self._folder = Path(here.folder)
        self._errors = self._folder / "stderr"
        self._log = self._errors.open("wb")
        self.process = subprocess.Popen(
            [here.fill(each) for each in host.run],
            cwd=HERE,
            env=here.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self._watch = threading.Timer(PATIENCE, self._give_up)
        self._watch.start()
        self._gave_up = False

    def _give_up(self) -> None:
        self._gave_up = True
        self.kill()

    def kill(self) -> None:
        """Kills the program and all that it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def output(self) -> Iterator[str]:
        """What it says, line by line, until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield line.decode(errors="replace").rstrip()

    def ended(self, *expected: int) -> int:
        """Waits for its end, which must be quiet and as expected, and answers its exit code."""
        for _ in self.output():
            pass
        code = self.process.wait()
        self._watch.cancel()
        self._log.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
        errors = self._errors.read_text(errors="replace")
        if self._gave_up:
            raise Failure(f"it hung for {PATIENCE} s and was killed\n{errors}")
        if code not in expected:
            raise Failure(f"its exit code is {code} instead of {expected[0]}\n{errors}")
        noise = [line for line in errors.splitlines() if line and not re.search(self._host.noise, line)]
        if noise:
            raise Failure("there is something on stderr:\n" + "\n".join(noise))
        end = time.monotonic() + LINGER
        while members(self.process.pid):
            if time.monotonic() > end:
                left = members(self.process.pid)
                self.kill()
                raise Failure("it left processes behind: " + ", ".join(left))
            time.sleep(0.02)
        return code


def _program(host: Host, here: Surroundings) -> "Counter[str]":
    """A program that records, says so, and closes."""
    _run(host, here, killed=False)
    return RECORDED_BY_PROGRAM


def _killed_program(host: Host, here: Surroundings) -> "Counter[str]":
    """A program that is killed on its word that it has recorded; once more if it was done before that."""
    recorded: Counter = Counter()
    for _ in range(10):
        code = _run(host, here, killed=True)
        recorded += RECORDED_BY_PROGRAM
        if code == -signal.SIGKILL:
            return recorded
    raise Failure("it could not be killed: it always had ended before")


def _run(host: Host, here: Surroundings, killed: bool) -> int:
    running = _Process(host, here)
    said = []
    for line in running.output():
        said.append(line)
        if killed and line == "recorded":
            running.kill()
    code = running.ended(0, *([-signal.SIGKILL] if killed else []))
    if said.count("recorded") != 1:
        raise Failure("it did not say once that it has recorded:\n" + "\n".join(said))
    return code


def _daemon(host: Host, here: Surroundings) -> "Counter[str]":
    """A program that goes on in the background."""
    running = _Process(host, here)
    running.ended(0)
    identity = Path(here.folder, "pid")
    end = time.monotonic() + PATIENCE
    while not identity.exists() or not identity.read_text().strip() or lives(int(identity.read_text())):
        if time.monotonic() > end:
            raise Failure(f"the daemon did not end within {PATIENCE} s")
        time.sleep(0.02)
    return RECORDED_BY_PROGRAM


def _service(host: Host, here: Surroundings, killed: bool) -> "Counter[str]":
    """A service with workers: one is killed between requests, and at last all is stopped, or killed."""
    assert host.service is not None
    running = _Process(host, here)
    answers: List[int] = []
    try:
        if host.service.listens:
            _wait_for(here.socket, running)
        answers += _answers(host.service, here)
        if host.service.survives:
            _kill_worker(min(set(answers)))
            answers += _answers(host.service, here)
    except BaseException as error:
        running.kill()
        try:
            running.ended(-signal.SIGKILL)
        except Failure as failure:
            raise Failure(f"{error}\n{failure}") from error
        raise Failure(str(error)) from error
    if killed:
        running.kill()
    else:
        running.process.send_signal(host.service.stop)
    running.ended(-signal.SIGKILL if killed else host.service.exit_code)
    Path(here.socket).unlink(missing_ok=True)
    return Counter({name: count * len(answers) for name, count in RECORDED_BY_REQUEST.items()})


def _answers(service: Service, here: Surroundings) -> List[int]:
    """Makes requests until each worker has answered: uWSGI, for one, does not stop while a worker starts."""
    answers: List[int] = []
    end = time.monotonic() + PATIENCE
    while len(set(answers)) < WORKERS:
        if time.monotonic() > end:
            raise Failure(f"only {len(set(answers))} of {WORKERS} workers answered")
        answers += service.ask(here, REQUESTS)
    return answers


def _kill_worker(process: int) -> None:
    """Kills a worker that has nothing to do, and waits until the host has noticed."""
    os.kill(process, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while not reaped(process):
        if time.monotonic() > end:
            raise Failure("it did not notice that a worker was killed")
        time.sleep(0.02)


def _wait_for(path: str, running: _Process) -> None:
    """Waits until somebody listens at the socket."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connected(path).close()
            return
        except OSError as error:
            if running.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"it does not listen: {error}") from error
        time.sleep(0.02)


def _settle(key: str, total: int) -> Dict[str, int]:
    environment = {"LTS_KEY": key, "PYTHONPATH": str(BINDING), "LD_LIBRARY_PATH": str(LIBRARY)}
    command = [VENV / "python", HERE / "harness" / "settle.py", str(total)]
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if done.returncode != 0:
        raise Failure(f"what it left could not be submitted:\n{done.stderr}")
    return dict(json.loads(done.stdout))
