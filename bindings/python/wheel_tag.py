"""Build hook: a wheel that carries the native library is for one platform, and says which.

Such a wheel carries the C extension, too, if it can be compiled here (build_extension.py); on Pythons that can't use it
the wheel works all the same. Without a library in src/openlts/lib the wheel holds only Python and fits everywhere;
openlts.load or the system's loader must find the library then.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What a pip before 20.3, such as that of Ubuntu 20.04, calls the systems with a glibc 2.x: it takes no other wheels.
FORMER_NAMES = {17: ["manylinux2014"]}


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Found by hatchling by this name."""

    _stage: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        libraries = [path for path in Path(self.root, "src/openlts/lib").glob("*openlts*") if path.is_file()]
        if self.target_name != "wheel" or version == "editable" or not libraries:
            return
        if len(libraries) > 1:
            names = ", ".join(sorted(path.name for path in libraries))
            raise ValueError(f"src/openlts/lib holds several libraries, a wheel is for one platform: {names}")
        extensions = self._build_extension()
        build_data["force_include"].update({str(path): f"openlts/{path.name}" for path in extensions})
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag([*libraries, *extensions], build_platform())}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        if self._stage is not None:
            self._stage.cleanup()

    def _build_extension(self) -> list[Path]:
        """The extension, in a temporary directory; nothing where it can't be built."""
        self._stage = tempfile.TemporaryDirectory()
        subprocess.run([sys.executable, Path(self.root, "build_extension.py"), self._stage.name], check=True)
        return list(Path(self._stage.name).iterdir())


def build_platform() -> str:
    """What the wheel is for, such as ``linux-x86_64``: OPENLTS_PLATFORM, else this machine."""
    return os.environ.get("OPENLTS_PLATFORM") or sysconfig.get_platform()


def platform_tag(libraries: list[Path], platform: str) -> str:
    """The wheel's platform tag, for libraries built on ``platform`` (such as ``linux-x86_64``).

    On Linux it names the oldest glibc they run on, as read from the libraries themselves; by both names if it has two.
    """
    system, _, machine = platform.partition("-")
    if system == "linux":
        versions = [found for path in libraries for found in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())]
        if versions:
            glibc = max(map(int, versions))
            return ".".join(f"{name}_{machine}" for name in (f"manylinux_2_{glibc}", *FORMER_NAMES.get(glibc, ())))
    return re.sub(r"[-.]", "_", platform)
