"""The library and the server for Windows as they are released, under Wine.

build/library --target and go build have made them. Wine has no access lists, no virus scanner that opens files, and no
rename of an open file onto another; only a Windows shows those.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from pe import AMD64, ARM64, SYSTEM_LIBRARIES, pe_tables
from platforms import outlives_a_kill, output
from wine import Wine, windows_path

LIBRARY = REPOSITORY / "out/lib/windows-x86_64/openlts.dll"
LARGEST = 9 * 1024 * 1024


def declared() -> set[str]:
    return set(re.findall(r"LTS_CALL (LTS_\w+)", (REPOSITORY / "include/openlts/openlts.h").read_text()))


def compiled(directory: Path, name: str, *sources: object) -> Path:
    """A program for Windows, with the library beside it."""
    program = directory / f"{name}.exe"
    language = (
        "g++ -std=c++17" if any(str(source).endswith((".cpp", ".cc", ".o")) for source in sources) else "gcc -std=c11"
    )
    command = f"x86_64-w64-mingw32-{language} -O1 -Wall -Wextra -Werror -static".split()
    include = [f"-I{REPOSITORY / folder}" for folder in ("include", "capi/test")]
    places = [REPOSITORY / source if isinstance(source, str) else source for source in sources]
    output(*command, *include, *places, LIBRARY.with_suffix(".lib"), "-lws2_32", "-o", program)
    shutil.copy(LIBRARY, directory)
    return program


@pytest.mark.parametrize(("target", "machine"), [("windows-x86_64", AMD64), ("windows-aarch64", ARM64)])
def test_exports_the_functions_of_the_header(target: str, machine: int) -> None:
    library = REPOSITORY / "out/lib" / target / "openlts.dll"
    assert library.exists(), f"there is no {library}: run build/library --target {target}"
    found, exported, needed = pe_tables(library.read_bytes())
    assert found == machine
    assert exported == declared()
    assert {name for name in needed if not name.startswith("api-ms-win-")} <= SYSTEM_LIBRARIES
    assert library.stat().st_size <= LARGEST


def test_takes_abuse(wine: Wine, server: LTSServer, tmp_path: Path) -> None:
    program = compiled(tmp_path, "robustness", "capi/test/robustness.c")
    wine.run(program, server.url, "100001-reader", windows_path(tmp_path / "device"))
    assert server.total() == 1


def test_counts_what_a_killed_host_recorded(wine: Wine, server: LTSServer, tmp_path: Path) -> None:
    program = compiled(tmp_path, "recorder", "conformance/platforms/recorder.c")

    def start(count: int) -> subprocess.Popen[str]:
        return wine.start(program, server.url, "100001-reader", windows_path(tmp_path / "device"), count)

    outlives_a_kill(start, server)


def test_each_slot_has_what_was_counted_in_it(wine: Wine, server: LTSServer, tmp_path: Path) -> None:
    """By the host's own clock, while threads of POSIX record and slots end; see capi/test/slots.h."""
    program = compiled(tmp_path, "boundary_host", "capi/test/boundary_host.c")
    noted = json.loads(wine.run(program, server.url, "100001-reader", windows_path(tmp_path / "device")))
    counted = {slot: count for (slot,), count in server.counts("slot").items()}
    assert len(noted["slots"]) >= 4
    assert sum(counted.values()) == noted["total"]
    assert counted.keys() <= noted["slots"].keys()
    for slot, units in noted["slots"].items():
        assert units["certain"] <= counted.get(slot, 0) <= units["certain"] + units["possible"], slot


def test_two_copies_and_two_processes_share_a_directory(wine: Wine, server: LTSServer, tmp_path: Path) -> None:
    """With a long path in UTF-8; and what the library leaves alone."""
    program = compiled(tmp_path, "windows_host", "conformance/platforms/windows_host.c")
    shutil.copy(LIBRARY, tmp_path / "copy.dll")
    hosts = [
        wine.start(program, server.url, "100001-reader", windows_path(tmp_path / "device"), "copy.dll")
        for _ in range(2)
    ]
    for host in hosts:
        printed, _ = host.communicate(timeout=200)
        assert host.returncode == 0, printed
    assert server.total() == 80000


def test_keeps_usage_in_the_local_application_data(wine: Wine, server: LTSServer, tmp_path: Path) -> None:
    program = compiled(tmp_path, "recorder", "conformance/platforms/recorder.c")
    data = Path(wine.environment["WINEPREFIX"]) / "drive_c/users"
    for former in data.glob("*/AppData/Local/OpenLTS"):
        shutil.rmtree(former)
    host = wine.start(program, server.url, "100001-reader", "", 7)
    host.communicate("\n", timeout=60)
    assert host.returncode == 0
    assert list(data.glob("*/AppData/Local/OpenLTS/device.json"))
    assert server.total() == 7


def test_scenarios(wine: Wine, tmp_path: Path) -> None:
    """The C++ tests of conformance/scenarios.json and of openlts.hpp, with `lts.exe serve`."""
    command = REPOSITORY / "out/bin/lts.exe"
    googletest = Path("/usr/src/googletest/googletest")
    assert command.exists(), f"there is no {command}: build/test windows builds it"
    if not googletest.exists():
        pytest.skip(f"there is no {googletest}: Debian's libgtest-dev has it")
    recorder = compiled(tmp_path, "recorder", "capi/test/recorder.cpp")
    include = [f"-I{REPOSITORY / folder}" for folder in ("include", "capi/test")]
    places = {
        "LTS_COMMAND": command,
        "TESTBED": command.with_name("testbed.exe"),
        "OPENLTS_RECORDER": recorder,
        "OPENLTS_DEFINITIONS": REPOSITORY / "conformance/definitions.json",
    }
    defined = [f'-D{name}="{windows_path(path)}"'.replace("\\", "\\\\") for name, path in places.items()]
    sources = [
        REPOSITORY / "capi/test" / f"{name}.cpp"
        for name in ("conformance_test", "object_test", "test_server", "process_windows")
    ]
    sources += [googletest / "src/gtest-all.cc", googletest / "src/gtest_main.cc"]
    objects = [tmp_path / f"{source.stem}.o" for source in sources]
    # nlohmann's headers are this machine's, behind everything else.
    include += [f"-I{googletest}", f"-I{googletest}/include", "-idirafter", "/usr/include"]
    compilers = [
        ["x86_64-w64-mingw32-g++", "-std=c++17", "-O0", *include, *defined, "-c", str(source), "-o", str(target)]
        for source, target in zip(sources, objects)
    ]
    for pair in (compilers[:2], compilers[2:4], compilers[4:]):
        running = [subprocess.Popen(compiler) for compiler in pair]
        assert [process.wait(timeout=240) for process in running] == [0] * len(pair)
    program = compiled(tmp_path, "scenarios", *objects)
    printed = wine.run(program, timeout=600)
    scenarios = json.loads((REPOSITORY / "conformance/scenarios.json").read_text())["scenarios"]
    passed = set(re.findall(r"\[       OK \] Conformance\.(\w+)", printed))
    assert {scenario["id"] for scenario in scenarios} <= passed


def test_the_server_serves_and_stops(wine: Wine, tmp_path: Path) -> None:
    program = compiled(tmp_path, "recorder", "conformance/platforms/recorder.c")
    command = REPOSITORY / "out/bin/lts.exe"
    data = ("--data", windows_path(tmp_path / "data"))
    wine.run(command, "org", "add", "Vendor", "--id", "100001", *data)
    wine.run(command, "handshake", "add", "reader", "--org", "100001", "--default", *data)
    options = ("--charge-way", "scan", "--quota", "1000", "--handshake", "100001-reader")
    wine.run(command, "item", "add", "scans", "--id", "scans", "--org", "100001", *options, *data)
    url = tmp_path / "url"
    server = wine.start(command, "serve", "--listen", "127.0.0.1:0", "--url-file", windows_path(url), *data)
    try:
        until = time.monotonic() + 60
        while not url.exists() and time.monotonic() < until:
            time.sleep(0.05)
        host = wine.start(program, url.read_text().strip(), "100001-reader", windows_path(tmp_path / "device"), 5)
        host.communicate("\n", timeout=60)
        assert host.returncode == 0
        assert json.loads(wine.run(command, "stats", "--json", *data))["total"] == 5
        server.send_signal(signal.SIGINT)  # Ctrl+C
        server.communicate(timeout=60)
        assert server.returncode == 0
    finally:
        server.kill()


#: The client's packages whose tests are about files, locks and processes, and which of the tests. Left out are those
#: of answers, slots and clocks, in which nothing differs there; those that write thousands of transactions, each of
#: which waits for Wine; and those of deadlines, since Wine's times are not those of Windows.
GO_TESTS = {
    "core/license": "Roots|CAFile|Environment|Cache|Keys|Vendors",
    "core/protocol": "",
    "core/slot": "",
    "core/internal/datafile": "",
    "core/internal/device": "",
    "core/internal/ledger": "",
    "core/internal/tally": "",
    "core/internal/report": "DeadRuns|Poisoned|NoTally|LedgerIsWritten|Adoption|Tally|Unfinished|FailedReport|Verdicts",
    "core/client": "Storage|DamagedLedger|Deleted|LetGo|CloseSeals|SeveralLicenses|DeviceUUID|UUIDLeaves|Copy",
}


@pytest.mark.parametrize("package", GO_TESTS)
def test_go(wine: Wine, package: str, tmp_path: Path) -> None:
    program = tmp_path / "test.exe"
    environment = os.environ | {
        "GOOS": "windows",
        "GOARCH": "amd64",
        "CGO_ENABLED": "1",
        "CC": "x86_64-w64-mingw32-gcc",
    }
    tags = "sqlite_omit_load_extension"
    output(
        *("go", "test", "-c", "-trimpath", "-tags", tags, "-o", program, f"./{package}"),
        environment=environment,
        cwd=REPOSITORY,
    )
    result = subprocess.run(
        [
            "go",
            "tool",
            "test2json",
            "wine",
            windows_path(program),
            "-test.v=test2json",
            "-test.short",
            "-test.timeout=200s",
            f"-test.run={GO_TESTS[package]}",
        ],
        env=os.environ | wine.environment,
        cwd=REPOSITORY / package,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    events = [json.loads(line) for line in result.stdout.splitlines()]
    said: dict[str, list[str]] = {}
    for event in events:
        if event["Action"] == "output" and "Test" in event:
            said.setdefault(event["Test"], []).append(event["Output"].strip())
    ended = [event for event in events if event["Action"] in ("pass", "fail", "skip") and "Test" in event]
    assert ended, result.stdout + result.stderr
    for event in ended:
        # One that was skipped may have failed in the end, see below.
        if event["Action"] == "skip" or any(": skipped: " in line for line in said[event["Test"]]):
            print(f"skipped: {event['Test']}: {' '.join(said[event['Test']])}")
    failures = []
    for event in ended:
        if event["Action"] == "fail":
            # Wine 8 can't empty a directory as Go's os.RemoveAll does it: t.TempDir fails at the end of a good test.
            lines = [line for line in said[event["Test"]] if re.match(r"\w+\.go:\d+: ", line)]
            failures += [line for line in lines if "TempDir RemoveAll cleanup" not in line and "skipped:" not in line]
    assert not failures
    # A test that was cut short, by a panic, has no end.
    started = {event["Test"] for event in events if event["Action"] == "run"}
    assert started == {event["Test"] for event in ended}, result.stdout[-2000:]
