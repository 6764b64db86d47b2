"""What lies beside the packages: sums, a signature, and what the library is made of."""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lts_server import REPOSITORY
from packages import PACKAGES, VERSION, need, package, run


def test_the_sums_are_those_of_all_files() -> None:
    sums = package("SHA256SUMS")
    named = {line.split("  ")[1] for line in sums.read_text().splitlines()}
    present = {path.name for path in PACKAGES.iterdir()}
    assert present - named <= {"SHA256SUMS", "SHA256SUMS.sig"}
    run("sha256sum", "--check", "--strict", sums.name, cwd=PACKAGES)


def test_a_stranger_verifies_the_signature(empty: Path) -> None:
    """By OpenSSL, as docs/releases.md says."""
    need("openssl", "go")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "key.pem", cwd=empty)
    run("openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "public.pem", cwd=empty)
    (empty / "release").mkdir()
    (empty / "release/file").write_text("content")
    library = REPOSITORY / "out/lib/linux-x86_64/libopenlts.so.0"
    release = ("go", "run", "./build/release", "-version", VERSION, "-key", empty / "key.pem")
    run(*release, empty / "release", f"openlts={library}", cwd=REPOSITORY)
    page = (REPOSITORY / "docs/releases.md").read_text()
    (verify,) = re.findall(r"`(openssl pkeyutl -verify .*?)`", page)
    arguments = verify.replace("public.pem", "../public.pem").split()
    assert "Verified Successfully" in run(*arguments, cwd=empty / "release")


@pytest.mark.parametrize(
    ("product", "parts"),
    [
        ("openlts", ("github.com/google/uuid", "golang.org/x/sys")),
        ("lts", ("github.com/google/uuid", "golang.org/x/sys", "github.com/jackc/pgx/v5", "github.com/spf13/cobra")),
    ],
)
def test_the_bill_names_what_is_in_a_product(product: str, parts: tuple[str, ...]) -> None:
    bill = json.loads(package(f"{product}-{VERSION}.cdx.json").read_text())
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == (product, VERSION)
    found = {component["name"]: component["version"] for component in bill["components"]}
    wanted = dict(re.findall(r"^\s*(?:require )?(\S+) (v\S+)", (REPOSITORY / "go.mod").read_text(), re.MULTILINE))
    for module in ("github.com/mattn/go-sqlite3", *parts):
        assert found[module] == wanted[module]
    assert re.fullmatch(r"3\.\d+\.\d+", found["sqlite"])
    assert "stdlib" in found
    (contains,) = bill["dependencies"]
    assert contains["ref"] == bill["metadata"]["component"]["bom-ref"]
    assert contains["dependsOn"] == [component["bom-ref"] for component in bill["components"]]
    assert ("uplot" in found) == (product == "lts")


@pytest.mark.parametrize("product", ["openlts", "lts"])
def test_the_bill_is_as_cyclonedx_wants_it(product: str) -> None:
    """By the schema that the specification's own library brings."""
    text = package(f"{product}-{VERSION}.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("openlts", f"openlts-{VERSION}-linux-x86_64.tar.gz"),
        ("lts", f"lts-{VERSION}-linux-x86_64.tar.gz"),
    ],
)
def test_a_package_has_the_terms_of_each_part(product: str, name: str) -> None:
    with tarfile.open(package(name)) as archive:
        file = archive.extractfile(f"{name.removesuffix('.tar.gz')}/LICENSE-THIRD-PARTY")
        assert file is not None
        terms = file.read().decode().lower()
    bill = json.loads(package(f"{product}-{VERSION}.cdx.json").read_text())
    parts = {component["name"] for component in bill["components"]} - {"stdlib"}
    assert parts
    assert not {part for part in parts if part.lower() not in terms}
    assert "the go authors" in terms


#: Packages with what was compiled for Windows, and where the terms are in them.
FOR_WINDOWS = {
    f"openlts-{VERSION}-windows-x86_64.zip": f"openlts-{VERSION}-windows-x86_64/LICENSE-THIRD-PARTY",
    f"openlts-{VERSION}-py3-none-win_amd64.whl": f"openlts-{VERSION}.dist-info/licenses/LICENSE-THIRD-PARTY",
    f"openlts-{VERSION}-windows-x86_64.jar": "META-INF/LICENSE-THIRD-PARTY",
    f"OpenLTS.{VERSION}.nupkg": "LICENSE-THIRD-PARTY",
    f"lts-{VERSION}-windows-x86_64.zip": f"lts-{VERSION}-windows-x86_64/LICENSE-THIRD-PARTY",
}


@pytest.mark.parametrize("name", FOR_WINDOWS)
def test_a_package_for_windows_has_the_terms_of_its_compiler(name: str) -> None:
    """Whose runtime is in each binary; the one for Linux takes from the system what it needs."""
    with zipfile.ZipFile(package(name)) as archive:
        terms = archive.read(FOR_WINDOWS[name]).decode()
    headings = re.findall(r"^-+\n(.*)\n", terms, re.MULTILINE)
    assert {"Go", "MinGW-w64's runtime", "GCC's runtime library"} <= set(headings)
    assert len(headings) == len(set(headings))
    for owner in ("Copyright (c) 2009 - 2013 by the mingw-w64 project", "Lucent Technologies", "Keith Marshall"):
        assert owner in terms
    assert ("The GNU C Library" in headings) == name.endswith(".nupkg")


def archives() -> Iterator[tuple[str, bytes]]:
    """The name of each file in each archive by tar, which names its owners, and what is in it."""
    for path in sorted(PACKAGES.glob("*.tar.gz")):
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", ""), member.name
                file = archive.extractfile(member) if member.isfile() else None
                yield member.name, file.read() if file else b""


def test_no_package_tells_of_the_machine_that_made_it() -> None:
    names = []
    for name, content in archives():
        assert str(REPOSITORY).encode() not in content, name
        names.append(name)
    assert f"lts-{VERSION}-linux-x86_64/lts" in names
    assert f"openlts-{VERSION}-linux-x86_64/lib/libopenlts.so.0" in names
