"""Tells PyInstaller of the native library, which is data to it, since no import leads there. It finds this by the entry
point ``pyinstaller40`` of the wheel."""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """Where the hooks are."""
    return [str(Path(__file__).parent)]
