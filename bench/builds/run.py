"""Compares this build of the library with another one, call by call, in turn.

Started by build/bench, which builds what this needs: out/bench/builds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from server import HANDSHAKE_CODE, OUT, REPOSITORY, started

LIBRARY = REPOSITORY / "out/lib/libopenlts.so.0"
MEASURE = OUT / "builds"

#: What bench/builds/measure.c prints, and in how many nanoseconds a unit of it has.
CASES = (
    ("open, the first license of a process", "ms", 1e6),
    ("open, a further license", "ms", 1e6),
    ("LTS_RecordOperationAt", "µs", 1e3),
    ("LTS_GetLicenseInfo", "µs", 1e3),
    ("LTS_RecordOperation", "ns", 1),
    ("LTS_CloseLicense, with a submission", "ms", 1e6),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="build/bench builds")
    parser.add_argument("--with", dest="other", type=Path, help="the library to compare with")
    parser.add_argument("--server", type=Path, help="the lts that the other library works with, if not this one")
    parser.add_argument("--quick", action="store_true", help="two processes each, for trying things out")
    options = parser.parse_args()
    other: Path = options.other or LIBRARY
    rounds = 2 if options.quick else 25

    with started() as (server, directory), started(options.server) as (other_server, _):
        builds = {"this": (LIBRARY, server.url), "other": (other.resolve(), other_server.url)}
        figures: dict[str, list[list[float]]] = {name: [] for name in builds}
        for number in range(rounds):
            for name in sorted(builds, reverse=number % 2 == 1):
                library, url = builds[name]
                figures[name].append(measure(library, url, directory / name))

    print(f"Medians of {rounds} processes each, in turn; ratios inside each pair.\n")
    print(f"{'':38} {'this':>12} {'other':>12} {'ratio':>7}")
    for case, (title, unit, size) in enumerate(CASES):
        this, that = ([process[case] for process in figures[name]] for name in ("this", "other"))
        ratio = statistics.median(a / b for a, b in zip(this, that))
        medians = [f"{statistics.median(values) / size:.2f} {unit}" for values in (this, that)]
        print(f"{title:38} {medians[0]:>12} {medians[1]:>12} {ratio:7.2f}")
    path = OUT / "builds.json"
    path.write_text(json.dumps({"cases": [case[0] for case in CASES], "ns": figures}, indent=1) + "\n")
    print(f"\nAll figures: {path.relative_to(REPOSITORY)}")
    return 0


def measure(library: Path, url: str, directory: Path) -> list[float]:
    command = [str(each) for each in (MEASURE, library, url, HANDSHAKE_CODE, directory)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300, check=True).stdout
    return [float(each) for each in printed.split()]


if __name__ == "__main__":
    sys.exit(main())
