"""Which files of a results folder are meant to be seen: what its pages show or link to.

A list of what may be seen, not of what may not: records, ledger, ground truth, staging, catalogue,
logs and everything unknown stay private.
"""

import re
from enum import StrEnum
from functools import cache
from typing import Final

from hoi_platform.core.formats.artifacts import ARTIFACTS, VARIANTS, ArtifactKind, FileKind


class Published(StrEnum):
    """How a browser may treat a published file."""

    PAGE = "page"
    """Written by the platform as a page: its scripts run."""
    DATA = "data"
    """Anything else: nothing in it runs, whoever made it."""


_NAME: Final = r"[^/.\x00-\x1f\x7f][^/\x00-\x1f\x7f]*"
"""A file or folder; names with a leading dot are temporary or private."""
_DEPTH: Final = {"object": 2, "clip": 3, "index": 0}
"""Names in a subject's path; by definition of ``ObjectId`` and ``ClipId``."""
_PAGES: Final = frozenset(
    {("dataset_index", "gallery"), ("visualization", "visuals"), ("visualization", "packaged")}
)
"""Asset and folder whose HTML files the platform writes itself."""


def published(path: str) -> Published | None:
    """How a path relative to the results folder may be shown; None: not at all.

    ``path`` is normalized (no ``..``), with forward slashes.
    """
    standing = re.sub(rf"^generation/{VARIANTS}/{_NAME}/", "generation/", path)
    for asset, file, pattern in _patterns():
        if pattern.fullmatch(standing):
            is_page = (asset, file) in _PAGES and standing.endswith(".html")
            return Published.PAGE if is_page else Published.DATA
    return None


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple(
        (kind.name, file.key, _pattern(kind, file))
        for kind in ARTIFACTS.values()
        for file in kind.files
        if not file.privileged
    )


def _pattern(kind: ArtifactKind, file: FileKind) -> re.Pattern[str]:
    subject = "/".join([_NAME] * _DEPTH[kind.scope])
    below = rf"(?:{_NAME}/)*{_NAME}" if file.template.endswith("/") else ""
    before, found, after = file.template.partition("{id}")
    return re.compile(re.escape(before) + (subject if found else "") + re.escape(after) + below)
