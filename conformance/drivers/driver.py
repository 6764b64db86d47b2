"""Drives the Python binding for `lts conformance client`: does what standard input says (docs/judging.md).

An argument names the library, if it is not the one that the package has.
"""

from __future__ import annotations

import sys

import openlts


class Driver:
    """A license that is opened and used by lines."""

    license: openlts.License

    def do(self, line: str) -> int:
        """Does what a line says, and gives the status."""
        command, *words = line.split(" ", 4)
        if command == "open":
            main, standby, code, directory = words
            self.license = openlts.License.from_lts(
                openlts.ConnectionParameters(
                    main_server_url=main,
                    standby_server_url="" if standby == "-" else standby,
                    handshake_code=code,
                    data_directory=directory,
                )
            )
        elif command == "record":
            self.license.record(openlts.OperationType[words[0]], int(words[1]))
        elif command == "submit":
            self.license.submit(timeout=20)
        elif command == "close":
            return self.license.close(timeout=20)
        return 0


def main() -> None:
    if len(sys.argv) > 1:
        openlts.load(sys.argv[1])
    driver = Driver()
    for line in sys.stdin:
        try:
            status = driver.do(line.rstrip("\n"))
        except openlts.LTSError as error:
            status = error.status
        print("ok" if status == 0 else f"error {status}", flush=True)


main()
