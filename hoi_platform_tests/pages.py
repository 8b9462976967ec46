"""The project's pages: where they are, their code blocks, the examples that tests run."""

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
"""README and the like, and everything in ``docs``."""

_BLOCK: Final = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TITLE: Final = re.compile(r'title="([^"]+)"')


class Block(NamedTuple):
    """A fenced code block."""

    language: str
    title: str
    text: str


def blocks(text: str) -> list[Block]:
    """The fenced code blocks of a page."""
    found = []
    for info, body in _BLOCK.findall(text):
        title = _TITLE.search(info)
        found.append(Block(info.split(" ")[0], title[1] if title else "", body))
    return found


@cache
def example(title: str) -> str:
    """The text of the one code block of docs/architecture.md with a title."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    (text,) = [block.text for block in blocks(page) if block.title == title]
    return text
