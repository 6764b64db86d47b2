"""What the packages tell registries and their visitors: all that those ask for, and the same in each."""

from __future__ import annotations

import json
import re
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from lts_server import REPOSITORY
from packages import PACKAGES, VERSION, package, run
from pages import fenced

#: Where everything lies.
HOME = "https://github.com/openlts/openlts"


def texts(document: str) -> dict[str, str]:
    """The text of each element of an XML document, by the names that lead to it."""

    def walk(element: ElementTree.Element, above: str) -> None:
        path = f"{above}/{element.tag.rpartition('}')[2]}"
        found[path] = (element.text or "").strip()
        for child in element:
            walk(child, path)

    found: dict[str, str] = {}
    walk(ElementTree.fromstring(document), "")
    return found


@pytest.mark.parametrize("artifact", ["openlts", "openlts-android"])
def test_the_pom_has_what_maven_central_asks_for(artifact: str) -> None:
    """A name, a description, an address, terms, developers and where the sources lie."""
    if artifact == "openlts":
        document = package(f"openlts-{VERSION}.pom").read_text()
    else:  # build/package makes it where the NDK is; build/android writes it as it does here
        document = (REPOSITORY / "bindings/android/package.pom").read_text().replace("@VERSION@", VERSION)
    pom = texts(document)
    assert (pom["/project/groupId"], pom["/project/artifactId"]) == ("org.openlts", artifact)
    assert (pom["/project/version"], pom["/project/scm/tag"]) == (VERSION, f"v{VERSION}")
    assert pom["/project/url"] == pom["/project/scm/url"] == HOME
    assert pom["/project/scm/connection"] == f"scm:git:{HOME}.git"
    for name in ("name", "description", "licenses/license/name", "developers/developer/name"):
        assert pom[f"/project/{name}"]
    assert not any("dependencies" in path or "build" in path for path in pom)


def test_a_repository_of_jars_is_whole() -> None:
    """The three jars that a repository asks for, and the terms in each of ours."""
    for part in ("", "-sources", "-javadoc", "-linux-x86_64", "-linux-aarch_64", "-windows-x86_64"):
        with zipfile.ZipFile(package(f"openlts-{VERSION}{part}.jar")) as archive:
            assert archive.read("META-INF/LICENSE") == (REPOSITORY / "LICENSE").read_bytes(), part


def test_the_nuget_package_shows_itself() -> None:
    with zipfile.ZipFile(package(f"OpenLTS.{VERSION}.nupkg")) as archive:
        nuspec = archive.read("OpenLTS.nuspec").decode()
        told = texts(nuspec)
        readme = archive.read(told["/package/metadata/readme"]).decode()
        icon = archive.read(told["/package/metadata/icon"])
        types = archive.read("[Content_Types].xml").decode()
        names = archive.namelist()
    assert told["/package/metadata/projectUrl"] == HOME
    assert f'<repository type="git" url="{HOME}.git" />' in nuspec
    # A square of 128 pixels, and far below the megabyte that is allowed.
    assert icon[:8] == b"\x89PNG\r\n\x1a\n"
    assert icon[16:24] == (128).to_bytes(4, "big") * 2
    assert f"```csharp\n{fenced('csharp.md', 'csharp', '## Use')[0]}```" in readme
    # The type of each file, as the format asks for it.
    for name in set(names) - {"[Content_Types].xml"}:
        _, dot, extension = Path(name).name.rpartition(".")
        assert (f'Extension="{extension}"' if dot else f'PartName="/{name}"') in types, name


def test_the_wheels_pass_what_pypi_checks() -> None:
    wheels = sorted(PACKAGES.glob("*.whl"))
    assert wheels
    run(sys.executable, "-m", "twine", "check", "--strict", *wheels, cwd=PACKAGES)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            told = Parser().parsestr(archive.read(f"openlts-{VERSION}.dist-info/METADATA").decode())
        assert told["Metadata-Version"] == "2.4"
        assert told["License-Expression"] == "MIT"
        assert f"Homepage, {HOME}" in told.get_all("Project-URL", [])
        # A visitor of the registry can follow each link.
        assert not re.search(r"\]\((?!https://)", told.get_payload())


def test_the_npm_package_shows_itself() -> None:
    with tarfile.open(package(f"openlts-{VERSION}.tgz")) as archive:
        file, page = archive.extractfile("package/package.json"), archive.extractfile("package/README.md")
        assert file is not None
        assert page is not None
        told, readme = json.load(file), page.read().decode()
    assert told["repository"] == {"type": "git", "url": f"git+{HOME}.git", "directory": "bindings/javascript"}
    assert (REPOSITORY / told["repository"]["directory"] / "package.json").is_file()
    assert told["homepage"].startswith(HOME)
    assert not re.search(r"\]\((?!https://)", readme)


def test_links_to_the_project_lead_somewhere() -> None:
    """Those of the packages, which no link checker sees."""
    sources = run("build/sources", "*.md", "*.json", "*.nuspec", "*.toml", cwd=REPOSITORY).split()
    link = re.compile(rf"{re.escape(HOME)}/(?:blob|tree)/main/([\w./-]*\w)")
    found = set()
    for source in sources:
        for path in link.findall((REPOSITORY / source).read_text()):
            found.add(path)
            assert (REPOSITORY / path).exists(), f"{source} leads to {path}"
    assert {"docs/python.md", "docs/csharp.md", "docs/javascript.md", "CHANGELOG.md"} <= found
