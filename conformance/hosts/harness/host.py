"""What a line of the table is."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Tuple

from .places import INCLUDE, LIBRARY

Command = List[str]


@dataclass(frozen=True)
class Need:
    """Something that must be installed: what it is, where it comes from, and whether it is there."""

    what: str
    where: str
    there: Callable[[], bool]


def program(name: str, package: str = "") -> Need:
    """A program on the PATH, and Debian's package that has it."""
    return Need(name, f"apt-get install {package or name}", lambda: shutil.which(name) is not None)


def answers(what: str, where: str, *command: str) -> Need:
    """Something that is there if a command succeeds."""

    def there() -> bool:
        if shutil.which(command[0]) is None:
            return False
        return (
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        )

    return Need(what, where, there)


@dataclass(frozen=True)
class Service:
    """A host that serves requests in workers until it is told to stop.

    ``{socket}`` in its command is the path of the socket it listens at.
    """

    #: Makes a number of requests of the service at a socket and tells which process answered each.
    ask: "Callable[[Surroundings, int], List[int]]"
    #: What ends it, and how it ends then.
    stop: signal.Signals = signal.SIGTERM
    exit_code: int = 0
    #: Whether it listens at the socket; if not, requests wait elsewhere until it is there.
    listens: bool = True
    #: Whether it goes on when a worker is killed.
    survives: bool = True


@dataclass(frozen=True)
class Surroundings:
    """What a host that is being tried has around it."""

    folder: str
    environment: Dict[str, str]

    @property
    def socket(self) -> str:
        return f"{self.folder}/socket"

    def fill(self, text: str) -> str:
        """Puts the places of this trial into an argument."""
        return text.replace("{folder}", self.folder).replace("{socket}", self.socket)


@dataclass(frozen=True)
class Host:
    """A line of the table in docs/hosts.md, and how to try it."""

    name: str
    host: str
    loaded: str
    opened: str
    run: Command
    build: Tuple[Tuple[str, ...], ...] = ()
    needs: Tuple[Need, ...] = ()
    environment: Dict[str, str] = field(default_factory=dict)
    service: Optional[Service] = None
    #: The program goes on in the background, and writes its process id to {folder}/pid.
    daemon: bool = False
    #: Whether it is tried a second time, and killed.
    killed: bool = True
    #: A pattern of lines that the host itself, not the library, writes to stderr.
    noise: str = r"(?!)"

    def missing(self) -> List[Need]:
        return [each for each in self.needs if not each.there()]

    def surroundings(self, folder: str, key: str) -> Surroundings:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        here = Surroundings(folder, {})
        chosen = {name: here.fill(value) for name, value in self.environment.items()}
        environment = {**inherited, "LD_LIBRARY_PATH": str(LIBRARY), **chosen, "LTS_KEY": key}
        return Surroundings(folder, environment)


def compiled(compiler: str, source: str, program: str, *flags: str) -> Tuple[str, ...]:
    """The command that compiles a program in C or C++ that is linked with the library."""
    linked = (f"-I{INCLUDE}", source, "-o", program, f"-L{LIBRARY}", "-lopenlts", "-pthread")
    return (compiler, "-Wall", "-Wextra", "-Werror", "-O1", "-g", *flags, *linked)
