"""Builds the C extension from its source, so that it is what the tests run with. Options and most fixtures are in
lts_fixtures.py."""

from __future__ import annotations

import sys

import pytest

from build_extension import NAME, SOURCE, build, obstacle

pytest_plugins = ["lts_fixtures"]

_extension = SOURCE.parent / NAME
# Here, because this file is read before anything imports openlts.
if obstacle() is None and (not _extension.exists() or _extension.stat().st_mtime < SOURCE.stat().st_mtime):
    build(SOURCE.parent)


# The extension is CPython's.
@pytest.fixture(params=["extension", "python"] if sys.implementation.name == "cpython" else ["python"])
def recorder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs a test twice: with the C extension, and as it is without."""
    from openlts import License
    from openlts.recorder import PythonRecorder

    name: str = request.param
    if name == "python":
        monkeypatch.setattr(License, "record", PythonRecorder.record)
    elif issubclass(License, PythonRecorder):
        pytest.skip(f"there is no C extension: {obstacle()}")
    return name
