"""Where things are in the repository."""

from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
INCLUDE = ROOT / "include"
LIBRARY = ROOT / "out" / "lib"
COMMAND = ROOT / "out" / "bin" / "lts"
BUILT = ROOT / "out" / "hosts"
VENV = ROOT / "out" / "venv" / "bin"
BINDING = ROOT / "bindings" / "python" / "src"
