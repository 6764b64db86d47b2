"""Loading the native library: where it is looked for, and one clear sentence for each way it can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lts_server import LTSServer, environment_of_children

import openlts
from openlts import LibraryError, StatusCode, library, native

linux = pytest.mark.skipif(sys.platform != "linux", reason="compiles and inspects as on Linux")


def load_in_a_child(path: Path) -> str:
    """What openlts.load(path) says in a process of its own, where no library is loaded yet."""
    program = "import sys, openlts\ntry: openlts.load(sys.argv[1])\nexcept openlts.LibraryError as e: print(e)"
    result = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env=environment_of_children(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def compile_library(source: str, path: Path, *options: str) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler here to build a library for this test")
    path.with_suffix(".c").write_text(source)
    subprocess.run(
        [compiler, "-shared", "-fPIC", *options, path.with_suffix(".c"), "-o", path], check=True, timeout=600
    )


def test_loading_again_does_nothing(library_path: Path) -> None:
    assert openlts.load(library_path) == str(library_path)
    assert openlts.load() == str(library_path)
    assert library.loaded().path == str(library_path)


def compile_stand_in(path: Path, name: str, version: int) -> None:
    """A file that says of itself that it is a library of that name and version of the binary interface."""
    script = path.with_suffix(".map")
    script.write_text(f"OPENLTS_{version} {{ global: LTS_*; local: *; }};")
    options = f"-Wl,-soname,{name}", f"-Wl,--version-script={script}"
    compile_library(f"int LTS_ABIVersion(void) {{ return {version}; }}", path, *options)


@linux
def test_a_copy_somewhere_else_does(library_path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "libacme_lts.so"
    shutil.copy(library_path, copy)
    threads = len(list(Path("/proc/self/task").glob("*")))
    assert openlts.load(copy) == str(library_path)
    assert str(tmp_path) not in Path("/proc/self/maps").read_text()
    assert len(list(Path("/proc/self/task").glob("*"))) <= threads


@linux
def test_another_version_is_refused(library_path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    compile_stand_in(other, "libopenlts.so.0", 2)
    with pytest.raises(LibraryError) as failed:
        openlts.load(other)
    assert failed.value.status == StatusCode.ABI_MISMATCH
    assert failed.value.message.startswith(
        f"The OpenLTS library {library_path} (version {openlts.version()}) is loaded already and has version 1 of the "
        f"binary interface; {other} has version 2"
    )


@linux
def test_another_build_is_refused(library_path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    compile_stand_in(other, "libopenlts-testkit.so.0", 1)
    with pytest.raises(LibraryError, match="before anything else") as failed:
        openlts.load(other)
    assert str(library_path) in failed.value.message
    assert f"{other}, which is another build of it, libopenlts-testkit.so.0" in failed.value.message


def test_what_is_no_library_is_refused_later_too(tmp_path: Path) -> None:
    text = tmp_path / "text.so"
    text.write_text("not a library")
    with pytest.raises(LibraryError, match=r"text\.so is not the OpenLTS library"):
        openlts.load(text)
    with pytest.raises(LibraryError, match="There is no OpenLTS library at"):
        openlts.load(tmp_path / "absent.so")


#: Two vendors in one interpreter, each with a copy of the package and of the library of its own; and a third copy,
#: which something that is not Python has loaded before.
TWO_WHEELS = """
import ctypes, importlib, os, sys
if sys.argv[3]:
    ctypes.CDLL(sys.argv[3])
sys.path.insert(0, sys.argv[1])
licenses = []
for vendor in ("acme", "bravo"):
    package = importlib.import_module(vendor + ".openlts")
    print(package.load())
    parameters = package.ConnectionParameters(
        main_server_url=sys.argv[2], handshake_code="100001-reader", data_directory=sys.argv[1] + "/device")
    licenses.append(package.License.from_lts(parameters))
    licenses[-1].record(package.OperationType.QR_CODE, 5)
print(len({line.split()[-1] for line in open("/proc/self/maps") if "libopenlts" in line}))
for license in licenses:
    license.record(1, 30)
    license.close(30)
"""


@linux
@pytest.mark.parametrize("loaded_before", [False, True])
def test_two_wheels_share_a_library(server: LTSServer, library_path: Path, tmp_path: Path, loaded_before: bool) -> None:
    for vendor in ("acme", "bravo"):
        package = tmp_path / vendor / "openlts"
        shutil.copytree(Path(openlts.__file__).parent, package, ignore=shutil.ignore_patterns("lib", "__pycache__"))
        (package / "lib").mkdir()
        shutil.copy(library_path, package / "lib/libopenlts.so.0")
    third = tmp_path / "libopenlts.so"
    shutil.copy(library_path, third)
    ended = subprocess.run(
        [sys.executable, "-c", TWO_WHEELS, str(tmp_path), server.url, str(third) if loaded_before else ""],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    expected = str(third) if loaded_before else str(tmp_path / "acme/openlts/lib/libopenlts.so.0")
    assert (ended.stdout.splitlines(), ended.stderr) == ([expected, expected, "1"], "")
    assert server.total() == 70


@linux
def test_an_unfit_library_in_the_process_is_left_alone(library_path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    compile_stand_in(other, "libopenlts.so.0", 2)
    program = "import ctypes, sys, openlts; ctypes.CDLL(sys.argv[1]); print(openlts.load(sys.argv[2]))"
    ended = subprocess.run(
        [sys.executable, "-c", program, str(other), str(library_path)],
        env=environment_of_children(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ended.stdout.strip(), ended.stderr) == (str(library_path), "")


def test_missing_file(tmp_path: Path) -> None:
    said = load_in_a_child(tmp_path / "absent.so")
    assert said.startswith(f"There is no OpenLTS library at {tmp_path}/absent.so")
    assert f"{StatusCode.LICENSE_CLIENT_DLL_MISSING:d}" in said


def test_missing_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "SYSTEM_NAME", "libopenlts-nowhere.so.0")
    with pytest.raises(LibraryError) as failed:
        library._open(library._find())
    assert failed.value.message.startswith("The OpenLTS library is missing")
    assert "openlts.load" in failed.value.message
    assert failed.value.status == StatusCode.LICENSE_CLIENT_DLL_MISSING


def test_packaged_library_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PACKAGED_DIRECTORY", tmp_path)
    assert library._find() == library.SYSTEM_NAME
    packaged = tmp_path / library.SYSTEM_NAME
    packaged.touch()
    assert library._find() == str(packaged)


def test_not_a_library(tmp_path: Path) -> None:
    path = tmp_path / "text.so"
    path.write_text("not a library")
    assert load_in_a_child(path).startswith(f"The OpenLTS library {path} can't be loaded")


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files")
def test_wrong_architecture(library_path: Path, tmp_path: Path) -> None:
    header = bytearray(library_path.read_bytes())
    here = int.from_bytes(header[18:20], "little")
    header[18:20] = (62 if here == 183 else 183).to_bytes(2, "little")
    path = tmp_path / "foreign.so"
    path.write_bytes(header)
    said = load_in_a_child(path)
    assert f"{path} is built for {'x86_64' if here == 183 else 'aarch64'} and this Python for" in said


def test_musl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_runs_on_musl", lambda: True)
    path = tmp_path / "text.so"
    path.write_text("not loadable")
    with pytest.raises(LibraryError, match="needs glibc, and this Python runs on musl"):
        library._open(str(path))


def test_foreign_library(tmp_path: Path) -> None:
    path = tmp_path / "foreign.so"
    compile_library("int something_else(void) { return 1; }", path)
    said = load_in_a_child(path)
    assert said.startswith(f"{path} is not the OpenLTS library")
    assert "LTS_ABIVersion" in said


def test_other_abi_version(tmp_path: Path) -> None:
    path = tmp_path / "older.so"
    compile_library("int LTS_ABIVersion(void) { return 0; }", path)
    said = load_in_a_child(path)
    assert "has version 0 of the binary interface" in said
    assert "requires version 1 or newer" in said
    assert "ABI_MISMATCH" in said


def test_a_newer_library_does(tmp_path: Path) -> None:
    path = tmp_path / "newer.so"
    code = 'int LTS_ABIVersion(void) { return 2; }\nconst char *LTS_Version(void) { return "9.9"; }'
    for name, _, _ in native.FUNCTIONS:
        if name not in {"LTS_ABIVersion", "LTS_Version"}:
            code += f"\nint {name}(void) {{ return 0; }}"
    compile_library(code, path)
    program = "import sys, openlts; openlts.load(sys.argv[1]); print(openlts.version(), openlts.abi_version())"
    said = subprocess.run(
        [sys.executable, "-c", program, path],
        env=environment_of_children(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout == "9.9 2\n", said.stderr
