"""A program bundled into one file by PyInstaller finds the library that the wheel carries."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lts_server import LTSServer
from test_wheel import build_wheel

PROGRAM = """
import sys
import openlts

parameters = openlts.ConnectionParameters(
    main_server_url=sys.argv[1], handshake_code="100001-reader", data_directory=sys.argv[2]
)
with openlts.License.from_lts(parameters) as license:
    license.record(openlts.OperationType.QR_CODE, 7)
print(openlts.load())
"""


@pytest.mark.skipif(
    importlib.util.find_spec("PyInstaller") is None, reason="PyInstaller is not here: build/bootstrap all installs it"
)
def test_one_file(server: LTSServer, library_path: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(build_wheel(tmp_path, library_path)).extractall(tmp_path / "site")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    bundled = subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--onefile", "--log-level", "WARN", program.name],
        cwd=tmp_path,
        # What PyInstaller keeps from one run to the next belongs to the test, too.
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYINSTALLER_CONFIG_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert bundled.returncode == 0, bundled.stdout + bundled.stderr
    ended = subprocess.run(
        [tmp_path / "dist/program", server.url, tmp_path / "device"],
        cwd="/",
        env={name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "LD_LIBRARY_PATH")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.stdout.strip().endswith("/openlts/lib/libopenlts.so.0")
    assert server.total() == 7
