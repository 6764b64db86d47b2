"""Build hook: a wheel that carries the native library is for one platform, and says which.

Without a library in src/openlts/lib the wheel holds only Python and fits everywhere; openlts.load or the system's
loader must find the library then.
"""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Found by hatchling by this name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        libraries = [path for path in Path(self.root, "src/openlts/lib").glob("*openlts*") if path.is_file()]
        if self.target_name != "wheel" or version == "editable" or not libraries:
            return
        if len(libraries) > 1:
            names = ", ".join(sorted(path.name for path in libraries))
            raise ValueError(f"src/openlts/lib holds several libraries, a wheel is for one platform: {names}")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(libraries[0], sysconfig.get_platform())}"


def platform_tag(library: Path, platform: str) -> str:
    """The wheel's platform tag, for a library built on ``platform`` (such as ``linux-x86_64``).

    On Linux it names the oldest glibc the library runs on, as read from the library itself.
    """
    system, _, machine = platform.partition("-")
    if system == "linux":
        versions = re.findall(rb"GLIBC_2\.(\d+)", library.read_bytes())
        if versions:
            return f"manylinux_2_{max(map(int, versions))}_{machine}"
    return re.sub(r"[-.]", "_", platform)
