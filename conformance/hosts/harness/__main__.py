"""Runs the trials."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List, Tuple

from .control import liars
from .document import DOCUMENT, fresh
from .host import Host
from .places import COMMAND, LIBRARY
from .table import hosts
from .trackingserver import TrackingServer
from .trial import Failure, judge


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="conformance/hosts/run",
        description="Starts a License Tracking Server, runs programs of each kind that use the library, kills some, "
        "and compares what they recorded with what the server counted.",
    )
    parser.add_argument("name", nargs="*", help="the hosts to try; all of them if none is named")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a host out")
    parser.add_argument("--list", action="store_true", help="list the hosts and what they lack here, and try none")
    parser.add_argument("--control", action="store_true", help="try programs that lie instead, each of which must fail")
    parser.add_argument("--check-document", action="store_true", help="check that docs/hosts.md shows what is tried")
    parser.add_argument("--document", action="store_true", help="write what is tried into docs/hosts.md")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    if chosen.document:
        DOCUMENT.write_text(fresh(hosts()), encoding="utf-8")
        return 0
    if chosen.check_document:
        if DOCUMENT.read_text(encoding="utf-8") != fresh(hosts()):
            print("docs/hosts.md does not show what is tried: run conformance/hosts/run --document.", file=sys.stderr)
            return 1
        return 0
    if chosen.control:
        false = list(liars())
        unnoticed = len(false) - try_all(false)
        print(f"{len(false) - unnoticed} lies found, {unnoticed} not")
        return 1 if unnoticed else 0
    table = {host.name: host for host in hosts()}
    unknown = [name for name in chosen.name + chosen.without if name not in table]
    if unknown:
        print(f"conformance/hosts/run: there is no host {unknown[0]}; --list lists them.", file=sys.stderr)
        return 2
    selected = [table[name] for name in chosen.name] or list(table.values())
    if chosen.list:
        for host in selected:
            lacks = "; ".join(f"needs {need.what} ({need.where})" for need in host.missing())
            print(f"{host.name:30} {host.host}, {host.loaded}, {host.opened}{'; ' + lacks if lacks else ''}")
        return 0
    for path in (LIBRARY / "libopenlts.so.0", COMMAND):
        if not path.exists():
            print(f"conformance/hosts/run: {path} is missing: run build/test library server first.", file=sys.stderr)
            return 1

    ready = []
    skipped = 0
    for host in selected:
        missing = host.missing()
        if host.name in chosen.without:
            skipped += 1
            print(f"skipped: {host.name} is left out (--without)", flush=True)
        elif missing:
            skipped += 1
            for need in missing:
                print(f"skipped: {host.name} needs {need.what} ({need.where})", flush=True)
        else:
            ready.append(host)
    failed = try_all(ready)
    print(f"{len(ready) - failed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def try_all(ready: List[Host]) -> int:
    """Tries hosts, two at a time, and tells how many failed."""
    if not ready:
        return 0
    with tempfile.TemporaryDirectory(prefix="lts-") as folder:
        server = TrackingServer([host.name for host in ready])

        def one(host: Host) -> Tuple[bool, str]:
            begun = time.monotonic()
            try:
                good, said = True, judge(host, server, Path(folder, host.name))
            except Failure as failure:
                good, said = False, "\n    ".join(str(failure).splitlines()[:30])
            except Exception as error:
                good, said = False, f"{type(error).__name__}: {error}"
            verdict = "passed" if good else "FAILED"
            print(f"{verdict}: {host.name} ({time.monotonic() - begun:.1f} s): {said}", flush=True)
            return good, said

        try:
            with ThreadPoolExecutor(2) as pool:
                results = list(pool.map(one, ready))
            server.verify()
        finally:
            server.remove()
    return sum(not good for good, _ in results)


if __name__ == "__main__":
    sys.exit(main())
