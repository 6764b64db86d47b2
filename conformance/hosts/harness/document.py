"""Keeps docs/hosts.md as the table and the programs are: it shows what is tried, and nothing else."""

import re
from typing import Iterable, List

from .host import Host
from .places import HERE, ROOT

DOCUMENT = ROOT / "docs" / "hosts.md"

_NAMES = {
    "rs": "rust",
    "cs": "csharp",
    "pl": "perl",
    "pm": "perl",
    "rb": "ruby",
    "py": "python",
    "js": "javascript",
}


def fresh(hosts: Iterable[Host]) -> str:
    """The document as it should be: what stands between its marks is made anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = ["| Host | Loaded | Opened | Name |", "|---|---|---|---|"]
    lines += [f"| {host.host} | {host.loaded} | {host.opened} | `{host.name}` |" for host in hosts]
    text = _replaced(text, "table", lines)
    for program in re.findall(r"<!-- program (\S+) -->", text):
        source = (HERE / program).read_text(encoding="utf-8").rstrip("\n")
        extension = program.rpartition(".")[2]
        fence = [f"```{_NAMES.get(extension, extension)}", source, "```"]
        text = _replaced(text, f"program {program}", fence)
    return text


def _replaced(text: str, mark: str, lines: List[str]) -> str:
    begin, end = f"<!-- {mark} -->\n", "<!-- end -->"
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{DOCUMENT} has no marks for: {mark}")
    return head + begin + "\n".join(lines) + "\n" + end + tail
