"""The NuGet package's assembly and library under .NET itself: under a runtime that others have packed, .NET Core 3.1.

No registry has a .NET SDK, so Mono's compiler makes the program. The runtime is fetched once, into out/.dotnet.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from lts_server import REPOSITORY, LTSServer
from packages import CODE, VERSION, fetched, need, package, run

PLACE = REPOSITORY / "out/.dotnet"

#: The runtime, in a wheel.
RUNTIME = "3.1.23"
RUNTIME_SUM = "5f076ddc39da0c685e7de20ecb91ee81185928918ec86fbeb3bffc55dd867ab5"

PROGRAM = """
using System;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using OpenLTS;

class Program
{
    static void Main(string[] arguments)
    {
        var parameters = new ConnectionParameters
        {
            MainServerURL = arguments[0], HandshakeCode = arguments[1], DataDirectory = "device"
        };
        using (License license = License.FromLTSAsync(parameters).Result)
        {
            Parallel.For(0, 700, i => license.Record(OperationType.QRCode, 1));
            license.Submit(60000);
            Console.WriteLine(license.GetInfo().Recorded);
        }
        try
        {
            parameters.HandshakeCode = "100001-absent";
            License.FromLTS(parameters);
        }
        catch (LTSException e)
        {
            Console.WriteLine(e.Status);
        }
        Console.WriteLine(LTS.Version + " on " + RuntimeInformation.FrameworkDescription);
    }
}
"""

CONFIGURATION = {
    "runtimeOptions": {
        "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
        # Of other languages, it would need a library that it does not bring.
        "configProperties": {"System.Globalization.Invariant": True},
    }
}


def runtime() -> Path:
    """The command dotnet."""
    place = PLACE / RUNTIME
    if not place.exists():
        stage = PLACE / "new"
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        download = ("-m", "pip", "-q", "download", "--no-deps", "--only-binary=:all:", "--dest", stage)
        fetched(sys.executable, *download, f"dotnetcore2=={RUNTIME}")
        (wheel,) = stage.glob("*.whl")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        assert digest == RUNTIME_SUM, f"{wheel.name} is not the one that was tried"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(stage)
        (stage / "dotnetcore2/bin/dotnet").chmod(0o755)
        (stage / "dotnetcore2/bin").rename(place)
        shutil.rmtree(stage)
    return place / "dotnet"


def test_a_program_uses_it_on_dotnet(empty: Path, server: LTSServer) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("the runtime is for x86-64")
    need("mcs")
    command = runtime()
    with zipfile.ZipFile(package(f"OpenLTS.{VERSION}.nupkg")) as archive:
        for name in ("lib/netstandard2.0/OpenLTS.dll", "runtimes/linux-x64/native/libopenlts.so"):
            (empty / Path(name).name).write_bytes(archive.read(name))
    (empty / "Program.cs").write_text(PROGRAM)
    run("mcs", "-out:Program.dll", "-target:exe", "-r:OpenLTS.dll", "Program.cs", cwd=empty)
    (empty / "Program.runtimeconfig.json").write_text(json.dumps(CONFIGURATION))
    said = run(command, "./Program.dll", server.url, CODE, cwd=empty)
    assert said.splitlines() == ["700", "HandshakeCodeNotFound", f"{VERSION} on .NET Core {RUNTIME}"]
    assert server.total() == 700
