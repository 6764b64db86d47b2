"""`python -m barcode_reader`: folders, broken files, the summary, and a decoder that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DrawBarcode
from lts_server import REPOSITORY, LTSServer, environment_of_children
from openlts import ConnectionParameters, License
from zxingcpp import BarcodeFormat

#: The command loads the library as its user would: from the package or the system. Here it is at another place.
PROGRAM = """
import runpy, sys, openlts
openlts.load(sys.argv.pop(1))
runpy.run_module("barcode_reader", run_name="__main__", alter_sys=True)
"""


class Command:
    """The command with its first arguments; started by `start`."""

    def __init__(self, library_path: Path, server: LTSServer, home: Path) -> None:
        self.arguments = [sys.executable, "-c", PROGRAM, str(library_path), "--server", server.url]
        self.arguments += ["--data-directory", str(home / "device")]
        self.environment = environment_of_children()
        self.environment["PYTHONPATH"] += os.pathsep + str(REPOSITORY / "examples/barcode-reader/python")

    def start(self, *arguments: str | Path, code: str = "100001-reader") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.arguments, "--handshake-code", code, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str | Path, code: str = "100001-reader") -> tuple[int, str, str]:
        process = self.start(*arguments, code=code)
        output, errors = process.communicate(timeout=300)
        return process.returncode, output, errors


@pytest.fixture
def command(library_path: Path, server: LTSServer, tmp_path: Path) -> Command:
    return Command(library_path, server, tmp_path)


def test_folders(command: Command, server: LTSServer, draw_barcode: DrawBarcode, tmp_path: Path) -> None:
    draw_barcode(BarcodeFormat.QRCode, "one", "images/a/1.png")
    draw_barcode(BarcodeFormat.QRCode, "two", "images/b/deeper/2.PNG")
    draw_barcode(BarcodeFormat.EAN13, "4012345678901", "images/3.jpg")
    single = draw_barcode(BarcodeFormat.QRCode, "four", "single.bmp")
    (tmp_path / "images/a/1.txt").write_text("not an image")
    (tmp_path / "images/broken.png").write_text("not an image either")
    status, output, errors = command.run(
        "--json", "--slot-seconds", "1", tmp_path / "images", single, tmp_path / "absent.png"
    )
    assert status == 0, errors
    assert json.loads(output) == {"files": 4, "decoded": {"QR_CODE": 3, "EAN_13": 1}}
    assert "broken.png" in errors
    assert "absent.png" in errors
    assert "1.txt" not in errors
    assert server.counts("type") == {("QR_CODE",): 3, ("EAN_13",): 1}


def test_progress(command: Command, draw_barcode: DrawBarcode) -> None:
    path = draw_barcode(BarcodeFormat.QRCode, "hello", "hello.png")
    assert command.run(path) == (0, f"{path}: QR_CODE 'hello'\n1 files, 1 barcodes\n", "")


def test_refused(command: Command, draw_barcode: DrawBarcode) -> None:
    status, output, errors = command.run(draw_barcode(BarcodeFormat.QRCode, "no", "no.png"), code="100001-unknown")
    assert (status, output) == (1, "")
    assert "-20101" in errors


def test_killed(
    command: Command, server: LTSServer, parameters: ConnectionParameters, draw_barcode: DrawBarcode
) -> None:
    path = draw_barcode(BarcodeFormat.QRCode, "again", "again.png")
    with command.start(*[path] * 1000) as process:
        assert process.stdout is not None
        for _ in range(20):
            assert process.stdout.readline().endswith("'again'\n")
        process.send_signal(signal.SIGKILL)
        decoded = 20 + sum(line.endswith("'again'\n") for line in process.stdout)
    assert server.total() == 0
    with License.from_lts(parameters) as license:
        license.submit(timeout=30)
    # The image that was being decoded may have been recorded before its line was printed.
    assert decoded <= server.total() <= decoded + 1


def test_photos(command: Command, server: LTSServer, pytestconfig: pytest.Config) -> None:
    photos: Path | None = pytestconfig.getoption("--barcode-photos")
    if photos is None or not photos.is_dir():
        pytest.skip("no folder of real images given by --barcode-photos")
    status, output, errors = command.run("--json", photos)
    assert status == 0, errors
    summary = json.loads(output)
    assert summary["files"] == sum(1 for path in photos.rglob("*.png"))
    assert server.counts("type") == {(name,): count for name, count in summary["decoded"].items()}
    progress = errors.splitlines()
    decoded = [line for line in progress if not line.endswith(": no barcode")]
    print(f"{len(decoded)} of {summary['files']} images decoded: {summary['decoded']}")
    assert len(decoded) >= 0.9 * summary["files"]


def test_server_gone_before_the_end(command: Command, server: LTSServer, draw_barcode: DrawBarcode) -> None:
    path = draw_barcode(BarcodeFormat.QRCode, "kept", "kept.png")
    # So many that their lines fill the pipe: the command waits there until the server is gone.
    with command.start(*[path] * 2000) as process:
        assert process.stdout is not None
        process.stdout.readline()
        server.stop()
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0
    assert errors == "barcode_reader: some usage is not submitted yet; the next start does it\n"
    server.start()
    assert command.run(path)[0] == 0
    assert server.total() == 2001
