"""Programs that do what no host may: a judge that finds nothing would be worth nothing."""

from typing import Iterator

from .host import Host
from .places import BINDING, VENV

_HONEST = """
import os, openlts
license = openlts.License.from_key(os.environ["LTS_KEY"])
license.record(openlts.OperationType.QR_CODE, 4000)
license.record(openlts.OperationType.PAGE_SCANNED, 500)
print("recorded", flush=True)
license.close()
"""


def liars() -> Iterator[Host]:
    """A program for each thing that is looked at."""
    for name, program in (
        ("loses-one", _HONEST.replace("4000", "3999")),
        ("counts-another-type", _HONEST.replace("PAGE_SCANNED, 500", "QR_CODE, 500")),
        ("writes-to-stderr", _HONEST + "import sys; print('fatal error', file=sys.stderr)"),
        ("fails", _HONEST + "raise SystemExit(3)"),
        ("does-not-say-so", _HONEST.replace('"recorded"', '"done"')),
        ("leaves-a-process", _HONEST + "os.close(1); os.fork() or __import__('time').sleep(600)"),
    ):
        run = [str(VENV / "python"), "-c", program]
        yield Host(f"control-{name}", "Python", "", "", run, environment={"PYTHONPATH": str(BINDING)}, killed=False)
