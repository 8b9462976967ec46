"""What killed processes leave behind in a results folder: unfinished artifacts, parts of files.

Nothing else is touched: no finished artifact, no variant, no delivered video, no ledger.
"""

import contextlib
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.services.artifacts.files import remove_whole
from hoi_platform.services.artifacts.store import OWNER
from hoi_platform.services.process_id import ProcessId

_TEMPORARY: Final = re.compile(r"\..+\.(?:[0-9a-f]{32}\.(?:tmp|part|old)|\d+\.part)")
"""The names that ``artifacts.files`` and ``video.delivery`` give to what is not whole yet."""
_STAGING: Final = ".staging"
_LOCKS: Final = "locks"
_DAY_S: Final = 86_400.0
"""Seconds of a day; by definition."""


@dataclass(frozen=True)
class Leftover:
    """A file or folder that no process needs."""

    path: Path
    size: int
    """Bytes."""
    why: str

    def remove(self) -> None:
        """Delete it, unless another process was faster."""
        with contextlib.suppress(FileNotFoundError):
            remove_whole(self.path)


def leftovers(root: Path, staging_days: float, parts_days: float) -> list[Leftover]:
    """All leftovers below a results folder, by path; ages are counted from the last change."""
    found = [*_unfinished(root / _STAGING, staging_days), *_parts(root, parts_days)]
    return sorted(found, key=lambda leftover: leftover.path)


def _unfinished(staging: Path, days: float) -> Iterator[Leftover]:
    """Folders of artifacts that were being made."""
    for folder in staging.iterdir() if staging.is_dir() else ():
        if folder.name == _LOCKS:
            continue
        owner, age = _owner(folder), _age_days(folder)
        if owner is not None and owner.is_dead():
            yield Leftover(folder, _size(folder), f"{owner} has ended")
        elif age > days and not (owner is not None and owner.is_alive()):
            yield Leftover(folder, _size(folder), f"unchanged for {age:.1f} days")


def _parts(root: Path, days: float) -> Iterator[Leftover]:
    for top, folders, files in os.walk(root):
        if Path(top) == root and _STAGING in folders:
            folders.remove(_STAGING)
        for name in [*folders, *files]:
            path = Path(top, name)
            if _TEMPORARY.fullmatch(name) and (age := _age_days(path)) > days:
                yield Leftover(path, _size(path), f"unchanged for {age:.1f} days")
        folders[:] = [name for name in folders if not _TEMPORARY.fullmatch(name)]


def _owner(folder: Path) -> ProcessId | None:
    """The process that makes an artifact; None where it left no word, or is of another version."""
    try:
        return ProcessId.parse(json.loads((folder / OWNER).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _age_days(path: Path) -> float:
    """Since anything in it was written; 0 for what is gone."""
    times = [_changed(p) for p in (path, *(path.rglob("*") if path.is_dir() else ()))]
    return (time.time() - max(times)) / _DAY_S


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return time.time()


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if file.is_file())
