"""The sources of the Objective-C binding, compiled with a program in an empty directory."""

from __future__ import annotations

import platform
import tarfile
from pathlib import Path

import pytest
from lts_server import LTSServer
from packages import CODE, VERSION, need, package, run

PROGRAM = """
#import <OpenLTSKit/OpenLTSKit.h>
#include <stdio.h>

int main(int count, char **arguments) {
  @autoreleasepool {
    LTSConnectionParameters *parameters = [[LTSConnectionParameters alloc] init];
    parameters.mainServerURL = [NSString stringWithUTF8String:arguments[1]];
    parameters.handshakeCode = [NSString stringWithUTF8String:arguments[2]];
    parameters.dataDirectory = @"device";
    NSError *error = nil;
    LTSLicense *license = [LTSLicense licenseWithParameters:parameters error:&error];
    if (license == nil || ![license recordOperation:LTS_OT_QR_CODE count:6 error:&error]) {
      fprintf(stderr, "%s\\n", error.localizedDescription.UTF8String);
      return 1;
    }
    [license closeWithTimeout:3];
    puts(LTS_Version());
  }
  return 0;
}
"""


@pytest.fixture
def unpacked(empty: Path) -> Path:
    for name in (f"openlts-objc-{VERSION}", f"openlts-{VERSION}-linux-{platform.machine()}"):
        with tarfile.open(package(f"{name}.tar.gz")) as archive:
            archive.extractall(empty, filter="data")
    return empty / f"openlts-objc-{VERSION}"


def test_a_program_uses_them(unpacked: Path, empty: Path, server: LTSServer) -> None:
    need("clang", "gnustep-config")
    library = empty / f"openlts-{VERSION}-linux-{platform.machine()}" / "lib"
    # clang asks for the blocks runtime by a name that Debian does not have; and the headers of
    # Objective-C's runtime are GCC's.
    (empty / "objc").mkdir()
    (empty / "objc/blocks_runtime.h").write_text("#include <Block.h>\n")
    gcc = run("gcc", "-print-file-name=include", cwd=empty).strip()
    (empty / "program.m").write_text(PROGRAM)
    flags = run("gnustep-config", "--objc-flags", cwd=empty).split()
    flags += ["-fblocks", "-Wno-unused-command-line-argument", "-I.", "-idirafter", gcc]
    flags += [f"-I{unpacked}/include", f"-I{unpacked}/bindings/objc/include"]
    libraries = ["-lBlocksRuntime", *run("gnustep-config", "--base-libs", cwd=empty).split()]
    sources = sorted((unpacked / "bindings/objc/src").glob("*.m"))
    linked = [f"-L{library}", "-lopenlts", f"-Wl,-rpath,{library}"]
    run("clang", *flags, "program.m", *sources, "-o", "program", *libraries, *linked, cwd=empty)
    assert run("./program", server.url, CODE, cwd=empty) == VERSION + "\n"
    assert server.total() == 6


def test_what_the_swift_package_names_is_there(unpacked: Path) -> None:
    manifest = (unpacked / "Package.swift").read_text()
    for place in ("bindings/objc/src", "bindings/objc/include", "bindings/swift/linux"):
        assert place.removesuffix("/src").removesuffix("/include") in manifest
        assert (unpacked / place).is_dir()
