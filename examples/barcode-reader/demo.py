#!/usr/bin/env python3
"""Compares what SDKs decoded with what the server accepted, and shows it.

usage: demo.py STATISTICS ITEM CODE=SUMMARY...

STATISTICS is what ``lts stats --by handshake,item,type --json`` prints, ITEM the
license item all is counted under, and each SUMMARY what an SDK that used the
handshake code CODE printed with ``--json``. The exit code is 0 if all is equal
and something was decoded.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

COLOURED = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def coloured(text: str, colour: int) -> str:
    return f"\033[{colour}m{text}\033[0m" if COLOURED else text


def compare(title: str, decoded: Counter, accepted: Counter) -> bool:
    """Prints a table with a row for each key; tells whether all rows are equal."""
    keys = sorted(decoded.keys() | accepted.keys())
    width = max([28, *map(len, keys)])
    print(f"\n{title:{width}}  {'decoded':>8}  {'accepted':>8}")
    for key in keys:
        equal = decoded[key] == accepted[key]
        verdict = coloured("equal", 32) if equal else coloured("DIFFERENT", 31)
        print(f"{key:{width}}  {decoded[key]:8}  {accepted[key]:8}  {verdict}")
    return decoded == accepted


def main() -> int:
    if len(sys.argv) < 4 or not all("=" in word for word in sys.argv[3:]):
        print(__doc__, file=sys.stderr)
        return 2
    statistics = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    item = sys.argv[2]

    # What was decoded and what was accepted, each by (code, item, symbology).
    decoded: Counter = Counter()
    accepted: Counter = Counter()
    for word in sys.argv[3:]:
        code, _, path = word.partition("=")
        summary = json.loads(Path(path).read_text(encoding="utf-8"))
        decoded.update({(code, item, symbology): count for symbology, count in summary["decoded"].items()})
    for row in statistics["rows"]:
        accepted[row["handshake"], row["item"], row["type"]] += row["count"]

    equal = True
    for title, position in (("Symbology", 2), ("Handshake code", 0), ("License item", 1)):
        by = [Counter(), Counter()]
        for counts, total in zip((decoded, accepted), by, strict=True):
            for key, count in counts.items():
                total[key[position]] += count
        equal &= compare(title, *by)
    # Rows could differ and their sums still be equal.
    equal &= decoded == accepted
    equal &= statistics["total"] == decoded.total() and statistics["lost"] == 0

    print()
    if not decoded.total():
        print(coloured("Nothing was decoded.", 31))
        return 1
    if not equal:
        print(coloured("DIFFERENT: the server did not count what was decoded.", 31))
        return 1
    print(coloured(f"Equal: {decoded.total()} barcodes were decoded, and the server counted each exactly once.", 32))
    return 0


if __name__ == "__main__":
    sys.exit(main())
