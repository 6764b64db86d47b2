"""The NuGet package, installed by a client of NuGet and used by programs in an empty directory."""

from __future__ import annotations

import platform
import zipfile
from pathlib import Path

import pytest
from lts_server import LTSServer
from packages import CODE, PACKAGES, VERSION, need, package, run

PROGRAM = """
using System;
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
            license.Record(OperationType.QRCode, 7);
        }
        Console.WriteLine(LTS.Version);
    }
}
"""

PROJECT = """<?xml version="1.0" encoding="utf-8"?>
<Project ToolsVersion="4.0" DefaultTargets="Build" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <PropertyGroup>
    <Configuration>Release</Configuration>
    <OutputType>Exe</OutputType>
    <AssemblyName>Program</AssemblyName>
    <TargetFrameworkVersion>v4.5</TargetFrameworkVersion>
    <OutputPath>built/</OutputPath>
  </PropertyGroup>
  <ItemGroup>
    <Compile Include="Program.cs" />
    <Reference Include="OpenLTS">
      <HintPath>OpenLTS.{version}/lib/net461/OpenLTS.dll</HintPath>
    </Reference>
  </ItemGroup>
  <Import Project="$(MSBuildToolsPath)/Microsoft.CSharp.targets" />
  <Import Project="OpenLTS.{version}/build/net461/OpenLTS.targets" />
</Project>
"""

RUNTIMES = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


@pytest.fixture
def installed(empty: Path) -> Path:
    need("nuget", "mono", "mcs")
    package(f"OpenLTS.{VERSION}.nupkg")
    run("nuget", "install", "OpenLTS", "-Version", VERSION, "-Source", PACKAGES, "-NoCache", cwd=empty)
    (empty / "Program.cs").write_text(PROGRAM)
    return empty / f"OpenLTS.{VERSION}"


def test_a_program_uses_it(installed: Path, empty: Path, server: LTSServer) -> None:
    assembly = installed / "lib/net461/OpenLTS.dll"
    run("mcs", "-out:Program.exe", f"-r:{assembly}", "Program.cs", cwd=empty)
    (empty / "OpenLTS.dll").write_bytes(assembly.read_bytes())
    native = installed / "runtimes" / RUNTIMES[platform.machine()] / "native"
    said = run("mono", "Program.exe", server.url, CODE, cwd=empty, environment={"LD_LIBRARY_PATH": str(native)})
    assert said == VERSION + "\n"
    assert server.total() == 7


def test_a_project_has_the_library_beside_its_program(installed: Path, empty: Path, server: LTSServer) -> None:
    need("xbuild")
    assert installed.exists()
    (empty / "Program.csproj").write_text(PROJECT.format(version=VERSION))
    # What MSBuild finds out and xbuild does not: the kind of machine, and where the compiler has its standard library.
    runtime = f"/p:OpenLTSRuntime={RUNTIMES[platform.machine()]}"
    run("xbuild", "/p:NoCompilerStandardLib=false", runtime, "Program.csproj", cwd=empty)
    run("mono", "built/Program.exe", server.url, CODE, cwd=empty)
    assert server.total() == 7


def test_it_holds_what_it_promises() -> None:
    with zipfile.ZipFile(package(f"OpenLTS.{VERSION}.nupkg")) as archive:
        names = set(archive.namelist())
    assert names >= {
        "OpenLTS.nuspec",
        "LICENSE",
        "LICENSE-THIRD-PARTY",
        "lib/netstandard2.0/OpenLTS.dll",
        "lib/netstandard2.0/OpenLTS.xml",
        "buildTransitive/net461/OpenLTS.targets",
    }
    # Those that were tried, whatever else was built on this machine.
    assert {name for name in names if name.startswith("runtimes/")} == {
        "runtimes/linux-x64/native/libopenlts.so",
        "runtimes/linux-arm64/native/libopenlts.so",
        "runtimes/win-x64/native/openlts.dll",
    }
