"""Measures what the library costs a process: its file, loading it, keeping it, and a process that lives briefly.

Started by build/bench, which builds what this needs: out/bench/load, and out/bench/libopenlts.symbols.so, the library
with its symbols.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from server import HANDSHAKE_CODE, OUT, REPOSITORY, Server, started

LIBRARY = REPOSITORY / "out/lib/libopenlts.so"
WITH_SYMBOLS = OUT / "libopenlts.symbols.so"
LOAD = OUT / "load"


def main() -> int:
    parser = argparse.ArgumentParser(prog="build/bench load")
    parser.add_argument("--quick", action="store_true", help="a few processes, for trying things out")
    quick: bool = parser.parse_args().quick

    with started() as (server, directory):
        probes = 5 if quick else 41
        first = probe(server.url, [directory / f"first-{number}" for number in range(probes)])
        again = probe(server.url, [directory / "again"] * (probes + 1))[1:]
        brief = brief_processes(server, directory / "brief", rounds=2 if quick else 8, count=3 if quick else 10)
    result: dict[str, Any] = {
        "quick": quick,
        "file": file(),
        "first_start": steps(first),
        "next_start": steps(again),
        "brief": brief,
    }

    print_file(result["file"])
    print_steps("A process on a device that never ran before", result["first_start"])
    print_steps("A process on a device that ran before", result["next_start"])
    print_brief(brief)
    path = OUT / "load.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nAll figures: {path.relative_to(REPOSITORY)}")
    return 0


def run(*arguments: object) -> str:
    return subprocess.run(
        [str(each) for each in arguments], stdout=subprocess.PIPE, text=True, timeout=300, check=True
    ).stdout


# ---------------------------------------------------------------- processes


def probe(url: str, directories: list[Path]) -> list[list[dict[str, Any]]]:
    """The steps of one fresh process for each data directory."""
    return [json.loads(run(LOAD, "probe", LIBRARY, url, HANDSHAKE_CODE, directory)) for directory in directories]


def steps(processes: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Step by step: the times of all processes, and the medians of what they hold after it."""
    result = []
    for same_step in zip(*processes):
        times = sorted(process["us"] for process in same_step)
        result.append(
            {
                "step": same_step[0]["step"],
                "us": {"min": times[0], "median": statistics.median(times), "max": times[-1]},
                **{
                    name: statistics.median(process[name] for process in same_step)
                    for name in ("rss", "private_dirty", "threads")
                },
            }
        )
    return result


def brief_processes(server: Server, directory: Path, rounds: int, count: int) -> dict[str, Any]:
    """Processes that record one operation and end, and ones that do nothing, in turn; and whether all was counted."""
    arguments: dict[str, list[object]] = {
        "nothing": ["nothing"],
        "brief": ["brief", LIBRARY, server.url, HANDSHAKE_CODE, directory],
    }
    counted = server.total()
    run(LOAD, *arguments["brief"])  # makes the data directory
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in arguments}
    for _ in range(rounds):
        for name, of_process in arguments.items():
            runs[name] += json.loads(run(LOAD, "times", count, *of_process))
    # One more, which closes: it submits what all the others left.
    run(LOAD, "probe", LIBRARY, server.url, HANDSHAKE_CODE, directory)
    return {
        "recorded": rounds * count + 2,
        "counted": server.total() - counted,
        "processes": {
            name: {
                measure: {
                    "min": min(each[measure] for each in processes),
                    "median": statistics.median(each[measure] for each in processes),
                    "max": max(each[measure] for each in processes),
                }
                for measure in ("us", "cpu_us")
            }
            for name, processes in runs.items()
        },
    }


# ---------------------------------------------------------------- the file

#: Whose a symbol is, by the package in its name: the first that matches.
OWNERS = [
    ("OpenLTS", r"(type:[^ ]*)?\**github\.com/openlts|main\.|LTS_|openlts_"),
    ("SQLite: Go driver", r"(type:[^ ]*)?\**(github\.com/mattn|database/sql)|_sqlite3_|_cgo.*sqlite"),
    (
        "HTTP and TLS",
        r"(type:[^ ]*)?\**(vendor/golang\.org/x/(net|text|crypto)|(net|crypto|mime|compress|hash)[./]|math/big|"
        r"encoding/(asn1|pem|hex))",
    ),
    ("Go runtime", r"(type:[^ ]*)?\**(runtime|internal/(abi|runtime|cpu|bytealg)|_?cgo|_rt0|x_cgo|crosscall|go:)"),
    ("Go types", r"type:"),
    ("other Go packages", r"[^ ]*[./]"),
    ("SQLite and C start-up", r""),
]


def owner(symbol: str) -> str:
    return next(name for name, pattern in OWNERS if re.match(pattern, symbol))


def file() -> dict[str, Any]:
    """Size of the library as it ships, by section; and, with symbols, whose code and data it holds."""
    sections: Counter[str] = Counter()
    for match in re.finditer(
        r"\[ *\d+\] (\S+) +(\S+) +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", run("readelf", "-SW", LIBRARY)
    ):
        if match[2] != "NOBITS":
            sections[match[1]] += int(match[3], 16)
    owners: Counter[str] = Counter()
    for line in run("nm", "--print-size", WITH_SYMBOLS).splitlines():
        fields = line.split(maxsplit=3)
        if len(fields) == 4 and fields[2] not in "bB":
            # The tables that go with all Go code; their parts have no names.
            name = "Go line tables" if fields[3] == "runtime.pclntab" else owner(fields[3])
            owners[name] += int(fields[1], 16)
    return {
        "bytes": LIBRARY.stat().st_size,
        "gzip_bytes": len(gzip.compress(LIBRARY.read_bytes(), 9)),
        "sections": dict(sections.most_common()),
        "owners": dict(owners.most_common()),
    }


# ---------------------------------------------------------------- for people


def print_file(described: dict[str, Any]) -> None:
    print(f"The library, stripped: {described['bytes']:,} bytes; {described['gzip_bytes']:,} compressed with gzip -9")
    for title, parts, least in (
        ("By section", described["sections"], 5e4),
        ("Code and data, by symbols", described["owners"], 5e3),
    ):
        large = [f"{name} {size / 1e6:.2f} MB" for name, size in parts.items() if size > least]
        print(f"  {title}: {', '.join(large)}")


def print_steps(title: str, described: list[dict[str, Any]]) -> None:
    print(f"\n{title}\n  {'':28} {'microseconds: min / median / max':>36} {'RSS':>10} {'private':>10} {'threads':>8}")
    for step in described:
        us = step["us"]
        times = f"{us['min']:,.1f} / {us['median']:,.1f} / {us['max']:,.1f}"
        print(
            f"  {step['step']:28} {times:>36} {step['rss']:>6.0f} KiB {step['private_dirty']:>6.0f} KiB"
            f" {step['threads']:>8.0f}"
        )


def print_brief(described: dict[str, Any]) -> None:
    print("\nA whole process, from its start to its end: milliseconds, min / median / max; and of processor time")
    names = {"nothing": "does nothing", "brief": "opens a license, records 1, ends"}
    for name, measures in described["processes"].items():
        figures = [
            " / ".join(f"{measures[measure][part] / 1000:.2f}" for part in ("min", "median", "max"))
            for measure in ("us", "cpu_us")
        ]
        print(f"  {names[name]:36} {figures[0]:>28} {figures[1]:>28}")
    print(
        f"Of {described['recorded']} operations of such processes, none of which closed its license but the last, "
        f"the server counted {described['counted']}."
    )


sys.exit(main())
