"""Run by PyInstaller for each program that imports openlts."""

from openlts.library import PACKAGED_DIRECTORY, PACKAGED_NAMES

#: Each library that the wheel carries, and where it goes in the program: to the same place of the package.
binaries = [(str(path), "openlts/lib") for path in PACKAGED_DIRECTORY.glob(PACKAGED_NAMES)]
