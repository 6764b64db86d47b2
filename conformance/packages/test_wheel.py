"""The wheel, installed by pip into an empty environment, without a registry."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from lts_server import LTSServer
from packages import CODE, PACKAGES, VERSION, run

PROGRAM = """
import sys
import openlts

parameters = openlts.ConnectionParameters(
    main_server_url=sys.argv[1], handshake_code=sys.argv[2], data_directory="device"
)
with openlts.License.from_lts(parameters) as license:
    license.record(openlts.OperationType.QR_CODE, 3)
print(openlts.version())
"""


def test_a_program_uses_it(empty: Path, server: LTSServer) -> None:
    run(sys.executable, "-m", "venv", "venv", cwd=empty)
    run("venv/bin/pip", "-q", "install", "--no-index", "--find-links", PACKAGES, f"openlts=={VERSION}", cwd=empty)
    (empty / "program.py").write_text(PROGRAM)
    assert run("venv/bin/python", "program.py", server.url, CODE, cwd=empty) == VERSION + "\n"
    assert server.total() == 3


def test_there_is_one_for_each_machine() -> None:
    found = {path.name for path in PACKAGES.glob("*.whl")}
    assert found == {f"openlts-{VERSION}-py3-none-manylinux_2_17_{machine}.whl" for machine in ("x86_64", "aarch64")}
    assert any(platform.machine() in name for name in found)
