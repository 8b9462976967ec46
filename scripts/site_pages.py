"""Hooks of MkDocs: README, rules and changelog become pages, and their links fit the site.

Links in the repository's pages are those of the repository, so that they work where the files are
read. On the site a link to another page leads there, and one to a source file is plain text.
"""

import logging
import posixpath
import re
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
ADDED: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Pages outside of ``docs`` and their place on the site."""

_LINK: Final = re.compile(r"(!?)\[([^\[\]]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
_LOG: Final = logging.getLogger("mkdocs.hooks.site_pages")
"""MkDocs counts its warnings: with ``--strict`` one fails the build."""
_CODE: Final = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def site_link(page: str, target: str) -> str | None:
    """What a link to ``target`` on a page is on the site; None: it leaves the site.

    ``page`` is the page's file below the repository's root.
    """
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
    if file not in ADDED and not file.startswith("docs/"):
        if not (ROOT / file).exists():
            _LOG.warning("%s links to %s, which is not there", page, file)
        return None
    start = posixpath.dirname(_place(page)) or "."
    return posixpath.relpath(_place(file), start)


def relinked(page: str, text: str) -> str:
    """A page's text with the links of the site; code blocks stay as they are."""
    parts = _CODE.split(text)
    parts[::2] = [_LINK.sub(lambda found: _link(page, found), part) for part in parts[::2]]
    return "".join(parts)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand outside of ``docs``."""
    from mkdocs.structure.files import File

    for source, place in ADDED.items():
        files.append(File.generated(config, place, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fit the links of each page."""
    outside = {place: source for source, place in ADDED.items()}
    uri = page.file.src_uri
    return relinked(outside.get(uri, f"docs/{uri}"), markdown)


def _place(file: str) -> str:
    return ADDED.get(file, file.removeprefix("docs/"))


def _link(page: str, found: re.Match[str]) -> str:
    picture, text, target, anchor = found.groups()
    link = site_link(page, target)
    return text if link is None else f"{picture}[{text}]({link}{anchor or ''})"
