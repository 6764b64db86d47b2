"""What runs on this machine."""

from pathlib import Path
from typing import List, Optional


def _status(process: Path) -> Optional[List[str]]:
    """The state, the parent and the group of a process, of /proc/PID/stat; None if there is none."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[:3]
    except (FileNotFoundError, ProcessLookupError):
        return None


def reaped(process: int) -> bool:
    """Whether a process is gone, and its parent knows."""
    return _status(Path(f"/proc/{process}")) is None


def lives(process: int) -> bool:
    """Whether a process runs: what has ended and waits for its parent to ask does not."""
    status = _status(Path(f"/proc/{process}"))
    return status is not None and status[0] != "Z"


def members(group: int) -> List[str]:
    """The names of the processes of a group that run."""
    names = []
    for process in Path("/proc").glob("[0-9]*"):
        status = _status(process)
        if status is not None and status[0] != "Z" and status[2] == str(group):
            try:
                names.append(f"{process.name} {(process / 'comm').read_text().strip()}")
            except (FileNotFoundError, ProcessLookupError):
                continue
    return names
