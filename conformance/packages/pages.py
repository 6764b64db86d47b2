"""What the pages in docs show, and the commands that they tell people to run."""

from __future__ import annotations

import re

from lts_server import REPOSITORY


def fenced(page: str, language: str, heading: str) -> list[str]:
    """The blocks in a language under a heading."""
    text = (REPOSITORY / "docs" / page).read_text()
    (found,) = re.findall(rf"^{re.escape(heading)}\n(.*?)(?=^###? |\Z)", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", found, re.MULTILINE | re.DOTALL)
    assert blocks, f"docs/{page} has no {language} under {heading}"
    return blocks


def commands(page: str, heading: str) -> str:
    """All commands under a heading, for one shell: what a prompt stands before, and the lines that continue it."""
    text = "".join(fenced(page, "console", heading))
    assert all(re.match(r"\$ | {4}", line) for line in text.splitlines())
    return re.sub(r"^\$ ", "", text, flags=re.MULTILINE)
