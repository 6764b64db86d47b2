from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from packages import VERSION, need, package, run
from wine import wine as wine


@pytest.fixture
def server() -> Iterator[LTSServer]:
    server = LTSServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty directory, outside the repository."""
    directory = tmp_path / "empty"
    directory.mkdir()
    return directory


@pytest.fixture(scope="session")
def android_library() -> Path:
    """The AAR of the release; without the NDK, one that has no native libraries."""
    need("javac", "mvn")
    if os.environ.get("ANDROID_NDK_HOME"):
        return package(f"openlts-android-{VERSION}.aar")
    run("build/android", "--classes-only", cwd=REPOSITORY)
    return REPOSITORY / f"out/android/openlts-android-{VERSION}.aar"
