"""The wheel, installed by pip into an empty environment, without a registry."""

from __future__ import annotations

import platform
import sys
import zipfile
from pathlib import Path
from subprocess import STDOUT

from lts_server import LTSServer
from packages import CODE, PACKAGES, VERSION, header_functions, package, run
from pe import AMD64, SYSTEM_LIBRARIES, pe_tables
from windows import python_for_windows
from wine import Wine, windows_path

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

TYPED = """
import asyncio

import openlts
import openlts.aio

parameters = openlts.ConnectionParameters(
    main_server_url="https://lts.example.com",
    handshake_code="100001-reader",
    deployment_type=openlts.DeploymentType.DESKTOP,
    products=openlts.Product.ALL,
)


async def use() -> int:
    async with await openlts.aio.License.from_key("key", parameters) as license:
        license.record(openlts.OperationType.QR_CODE, 2)
        license.record(await license.define_operation_type("MRZ"))
        async for event in license.events():
            print(event.message)
        return (await license.info()).recorded


with openlts.License.from_lts(parameters) as opened:
    opened.record(openlts.OperationType.QR_CODE)
    reveal_type(opened.info())
    reveal_type(opened.poll_event(1))
    reveal_type(opened.close())
print(asyncio.run(use()), openlts.version(), openlts.device_uuid())
"""


def test_a_program_uses_it(empty: Path, server: LTSServer) -> None:
    run(sys.executable, "-m", "venv", "venv", cwd=empty)
    run("venv/bin/pip", "-q", "install", "--no-index", "--find-links", PACKAGES, f"openlts=={VERSION}", cwd=empty)
    (empty / "program.py").write_text(PROGRAM)
    assert run("venv/bin/python", "program.py", server.url, CODE, cwd=empty) == VERSION + "\n"
    assert server.total() == 3


def test_its_types_are_complete(empty: Path) -> None:
    """A type checker that knows nothing but what is installed is content, at its strictest."""
    run(sys.executable, "-m", "venv", "venv", cwd=empty)
    run("venv/bin/pip", "-q", "install", "--no-index", "--find-links", PACKAGES, f"openlts=={VERSION}", cwd=empty)
    (empty / "program.py").write_text(TYPED)
    check = (sys.executable, "-m", "mypy", "--strict", "--disallow-any-expr", "--python-executable", "venv/bin/python")
    said = run(*check, "program.py", cwd=empty)
    assert [line for line in said.splitlines() if "note:" in line] == [
        'program.py:26: note: Revealed type is "openlts.license.LicenseInfo"',
        'program.py:27: note: Revealed type is "openlts.license.Event | None"',
        'program.py:28: note: Revealed type is "openlts.definitions.StatusCode"',
    ]


def test_there_is_one_for_each_machine() -> None:
    found = {path.name for path in PACKAGES.glob("*.whl")}
    linux = [f"manylinux_2_17_{machine}.manylinux2014_{machine}" for machine in ("x86_64", "aarch64")]
    assert found == {f"openlts-{VERSION}-py3-none-{name}.whl" for name in (*linux, "win_amd64")}
    assert any(platform.machine() in name for name in found)


def test_the_one_for_windows() -> None:
    """What the others hold, with the library for Windows and without the extension; and pip takes it there."""
    name = f"openlts-{VERSION}-py3-none-%s.whl"
    windows = zipfile.ZipFile(package(name % "win_amd64"))
    linux = zipfile.ZipFile(package(name % "manylinux_2_17_x86_64.manylinux2014_x86_64"))
    own = {"openlts/lib/openlts.dll"}
    assert set(windows.namelist()) - set(linux.namelist()) == own
    assert set(linux.namelist()) - set(windows.namelist()) == {"openlts/lib/libopenlts.so.0", "openlts/_record.abi3.so"}
    terms = {f"openlts-{VERSION}.dist-info/licenses/LICENSE{part}" for part in ("", "-THIRD-PARTY")}
    assert terms <= set(windows.namelist())
    assert "Tag: py3-none-win_amd64\n" in windows.read(f"openlts-{VERSION}.dist-info/WHEEL").decode()
    found, exported, needed = pe_tables(windows.read("openlts/lib/openlts.dll"))
    assert (found, exported) == (AMD64, set(header_functions()))
    assert not {each for each in needed if not each.startswith("api-ms-win-")} - SYSTEM_LIBRARIES


def test_pip_takes_the_one_for_windows_there(empty: Path) -> None:
    options = ("--platform", "win_amd64", "--python-version", "3.12", "--only-binary=:all:", "--target", "there")
    find = ("--no-index", "--find-links", PACKAGES, f"openlts=={VERSION}")
    run(sys.executable, "-m", "pip", "-q", "install", *options, *find, cwd=empty)
    assert (empty / "there/openlts/lib/openlts.dll").is_file()


def test_a_program_on_windows_uses_it(empty: Path, wine: Wine, server: LTSServer) -> None:
    """CPython for Windows, with its own pip, under Wine."""
    python = python_for_windows()
    find = ("--no-index", "--find-links", windows_path(PACKAGES), "--target", "there", f"openlts=={VERSION}")
    # (Python does not start where standard error is a file that was deleted, as pytest has it.)
    wine.run(python, "-m", "pip", "-q", "install", *find, cwd=empty, stderr=STDOUT)
    (empty / "there/program.py").write_text(PROGRAM)
    assert wine.run(python, "there/program.py", server.url, CODE, cwd=empty, stderr=STDOUT).split() == [VERSION]
    assert server.total() == 3
