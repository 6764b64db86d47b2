"""Runs the comparison of LTS_RecordOperation with everything else, and that from each language.

Started by build/bench, which builds what this needs: out/bench/record, and in out/bench/languages what the languages
need. A language whose program is not there is skipped, with the reason that build/bench left in its place.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from server import HANDSHAKE_CODE, OUT, REPOSITORY, started

LANGUAGES = OUT / "languages"

#: The machine's parallel speed-up below which a run says little of scaling.
ENOUGH_SPEEDUP = 1.7


def main() -> int:
    parser = argparse.ArgumentParser(prog="build/bench record")
    parser.add_argument("--quick", action="store_true", help="a few seconds, for trying things out")
    quick: bool = parser.parse_args().quick

    with started() as (server, directory):
        native = run_native(server.url, directory, quick)
        languages = [run_language(name, server.url, directory, quick) for name in ("python", "java", "csharp")]

    print()
    print_languages([native_as_language(native), *languages])
    summary = native["summary"]
    rounds = len(native["cases"][0]["throughput"]["1"]["rounds"])
    result = {"quick": quick, "cpus": os.cpu_count(), **native, "languages": languages}
    path = OUT / "record.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"\nAll figures: {path.relative_to(REPOSITORY)}")
    calm = native["undisturbed"]
    print(f"\nIn the {calm['rounds_1t']} rounds of {rounds} in which nobody disturbed the processor, on 1 thread:")
    print_summary(calm)
    if summary["machine_scaling_2t"] < ENOUGH_SPEEDUP:
        print(
            f"\nThe machine was busy: two threads did only {summary['machine_scaling_2t']:.2f} times the work of one, "
            "where each needs nothing but its processor. Repeat this."
        )
    print(f"\nIn all {rounds} rounds:")
    print_summary(summary)
    return 0


def print_summary(summary: dict[str, float]) -> None:
    print(f"ratio record/atomic_1t = {summary['ratio record/atomic_1t']:.2f}")
    print(f"ratio record/floor_1t = {summary['ratio record/floor_1t']:.2f}")
    print(f"scaling_2t = {summary['scaling_2t']:.2f} (the machine's own: {summary['machine_scaling_2t']:.2f})")
    print(f"ratio record/prometheus_cpp_1t = {summary['ratio record/prometheus_cpp_1t']:.2f}")
    print(f"ratio record/prometheus_cpp_8t = {summary['ratio record/prometheus_cpp_8t']:.2f}")


def run_native(url: str, directory: Path, quick: bool) -> dict[str, Any]:
    rounds, window, tail_rounds, tail_window = (5, 3, 1, 100) if quick else (300, 3, 12, 400)
    path = OUT / "native.json"
    command: list[str | Path] = [OUT / "record", url, HANDSHAKE_CODE, directory, path]
    subprocess.run([*command, *map(str, (rounds, window, tail_rounds, tail_window))], check=True)
    native: dict[str, Any] = json.loads(path.read_text())
    path.unlink()
    return native


def native_as_language(native: dict[str, Any]) -> dict[str, Any]:
    """The C cases of the main comparison, in the form of the other languages."""
    rounds = {case["name"]: case["throughput"]["1"]["rounds"] for case in native["cases"]}
    return {
        "language": "C",
        "cases": [
            {"name": "empty", "description": "an empty C function", "baseline": None, "rounds": rounds["empty"]},
            {
                "name": "record",
                "description": "LTS_RecordOperation",
                "baseline": "empty",
                "rounds": rounds["record"],
            },
        ],
    }


def run_language(name: str, url: str, directory: Path, quick: bool) -> dict[str, Any]:
    """What the language's program prints; or why there is none."""
    reason = LANGUAGES / f"{name}.skipped"
    if reason.exists():
        return {"language": name, "skipped": reason.read_text().strip()}
    rounds = 5 if quick else 41
    calls = {"python": 20_000, "java": 1_000_000, "csharp": 200_000}[name]
    common = [url, HANDSHAKE_CODE, str(directory), str(rounds), str(calls)]
    environment = dict(os.environ)
    if name == "python":
        command = [sys.executable, str(REPOSITORY / "bench/languages/python/record.py"), *common]
    elif name == "java":
        classes = f"{LANGUAGES / 'java'}{os.pathsep}{REPOSITORY / 'bindings/java/target/classes'}"
        library = f"-Dorg.openlts.library.path={LANGUAGES / 'java'}"
        empty = str(LANGUAGES / "java/libempty_jni.so")
        command = ["java", library, "-cp", classes, "org.openlts.RecordBenchmark", *common, empty]
    else:
        command = ["mono", str(LANGUAGES / "csharp/RecordBenchmark.exe"), *common]
        environment["LD_LIBRARY_PATH"] = f"{REPOSITORY / 'out/lib'}{os.pathsep}{OUT}"
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    language: dict[str, Any] = json.loads(ended.stdout)
    rounds_of = {case["name"]: case["rounds"] for case in language["cases"]}
    for case in language["cases"]:
        case["median"] = statistics.median(case["rounds"])
        if case["baseline"]:
            case["ratio"] = median_ratio(case["rounds"], rounds_of[case["baseline"]])
    return language


def median_ratio(of: list[float], to: list[float]) -> float:
    """The median of the ratios, each of one round."""
    return statistics.median(a / b for a, b in zip(of, to))


def print_languages(languages: list[dict[str, Any]]) -> None:
    print(
        "From each language, 1 thread: nanoseconds per call, loop included, min / median / max; and times its baseline"
    )
    for language in languages:
        if "skipped" in language:
            print(f"{language['language']}: skipped: {language['skipped']}")
            continue
        cases = {case["name"]: case for case in language["cases"]}
        for case in language["cases"]:
            rounds = case["rounds"]
            figures = f"{min(rounds):9.1f}/{statistics.median(rounds):9.1f}/{max(rounds):9.1f}"
            ratio = ""
            if case["baseline"]:
                baseline = cases[case["baseline"]]
                ratio = f"{median_ratio(rounds, baseline['rounds']):6.2f} times {baseline['description']}"
            print(f"{language['language']:22} {case['description']:36} {figures}  {ratio}".rstrip())


sys.exit(main())
