"""What the pages say under "From a release", word by word, where nothing is but its files and a program."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from lts_server import LTSServer
from packages import PACKAGES, maven_cache, need, package, run
from pages import commands, fenced

#: The server that the code of the pages names.
PAGE_SERVER = "https://lts.example.com"


#: The heading of what is run here.
INSTALL = "### From a release"


def cpp(code: str) -> dict[str, str]:
    return {"my_sdk.cpp": code, "CMakeLists.txt": fenced("cpp.md", "cmake", INSTALL)[0]}


def python(code: str) -> dict[str, str]:
    return {"program.py": code.replace('"/var/lib/acme-reader"', '"device"')}


def with_main(code: str, directive: str, main: str) -> str:
    """A class with the code in its main method, behind the lines that have to stand before the class."""
    first = [line for line in code.splitlines() if line.startswith(directive)]
    rest = [line for line in code.splitlines() if line not in first]
    return "\n".join([*first, f"class Program {{ {main} {{", *rest, "} }"])


def csharp(code: str) -> dict[str, str]:
    return {"Program.cs": with_main(code, "using ", "static void Main()")}


def java(code: str) -> dict[str, str]:
    return {"Program.java": with_main(code, "import ", "public static void main(String[] arguments) throws Exception")}


def objc(code: str) -> dict[str, str]:
    """An app has a main loop, which ends here when the license is closed."""
    imported, rest = code.split("\n", 1)
    before, after = rest.rsplit("closeWithTimeout:3];", 1)
    body = f"{before}closeWithTimeout:3];\nexit(0);{after}"
    loop = "[[NSRunLoop currentRunLoop] runUntilDate:[NSDate dateWithTimeIntervalSinceNow:200]];"
    return {"program.m": f"{imported}\nint main(void) {{ @autoreleasepool {{\n{body}\n{loop} }} return 1; }}\n"}


def javascript(code: str) -> dict[str, str]:
    return {"program.mjs": code, "package.json": '{"private": true}'}


@dataclass(frozen=True)
class Page:
    name: str
    language: str
    heading: str  # under which its first program is
    programs: Callable[[str], dict[str, str]]
    total: int  # what it counts in all runs
    needs: tuple[str, ...]


PAGES = [
    Page("cpp.md", "cpp", "## A dozen lines", cpp, 2, ("cmake", "c++", "pkg-config")),
    Page("python.md", "python", "## Use", python, 1, ()),
    Page("csharp.md", "csharp", "## Use", csharp, 1, ("nuget", "mcs", "mono")),
    Page("java.md", "java", "## Use", java, 1, ("javac", "java", "mvn")),
    Page("javascript.md", "js", "## Start", javascript, 3, ("node", "npm")),
    Page("objc.md", "objc", "## Use", objc, 1, ("clang", "gnustep-config")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_stranger_installs_and_uses_it(page: Page, empty: Path, tmp_path: Path, server: LTSServer) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("the pages name the packages for x86-64")
    need(*page.needs)
    package("SHA256SUMS")
    for path in PACKAGES.iterdir():
        (empty / path.name).symlink_to(path)
    code = fenced(page.name, page.language, page.heading)[0].replace(PAGE_SERVER, server.url)
    for name, text in page.programs(code).items():
        (empty / name).write_text(text)
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=empty)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(tmp_path / "venv/bin"), os.environ["PATH"]]),
        "MAVEN_ARGS": f"-q -Dmaven.repo.local={maven_cache(tmp_path / 'cache')}",
    }
    run("sh", "-e", "-c", commands(page.name, INSTALL), cwd=empty, environment=environment)
    assert server.total() == page.total
