"""Cells that were begun and have no verdict, by the records alone."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hoi_platform.core.clip import ClipId, FirstTask, parse_clip_path
from hoi_platform.core.errors import BadInputError
from hoi_platform.partitions import cell_key
from hoi_platform.services.clips import video_rejection
from hoi_platform.services.platform import Platform

_FIRST: Final = "scene_render"
_VERDICT: Final = "filtered_hoi"


def started(platform: Platform, since: datetime) -> dict[str, datetime]:
    """By partition key: when today's cells were begun after ``since`` that are not judged yet."""
    records = platform.store.root / "generation" / "records"
    judged = {path for path, _ in _records(records / _VERDICT)}
    ids, first_task = platform.catalogue.keys(), platform.catalogue.first_tasks()
    found: dict[str, datetime] = {}
    for path, begun in _records(records / _FIRST):
        if begun < since or path in judged:
            continue
        clip = _clip(platform, path, first_task)
        if clip is not None and clip.object_id in ids and not video_rejection(platform.store, clip):
            found[str(cell_key(ids[clip.object_id], clip.seed))] = begun
    return found


def _clip(platform: Platform, path: str, first_task: FirstTask) -> ClipId | None:
    """Today's clip of a path; None for one of another character, scene or catalogue."""
    try:
        clip = parse_clip_path(path, first_task)
        return clip if platform.clip(clip.object_id, clip.seed) == clip else None
    except BadInputError:
        return None


def _records(folder: Path) -> Iterator[tuple[str, datetime]]:
    """The clips that have a record in a folder, and when it was written."""
    for top, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".json") and not name.startswith("."):
                file = Path(top, name)
                with contextlib.suppress(FileNotFoundError):  # it is being replaced
                    written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                    yield file.relative_to(folder).with_suffix("").as_posix(), written
