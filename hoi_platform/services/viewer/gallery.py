"""The dataset as a page that opens from disk: ``index.html`` and the data beside it.

The page shows one screen of cards at a time, so that thousands of clips stay light. All text
enters it as data and is set as text, never as HTML.
"""

import json
import os
from collections.abc import Sequence
from importlib import resources
from math import isnan
from pathlib import Path
from typing import Any, Final

from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.viewer.clip_row import ClipRow
from hoi_platform.services.viewer.labels import label
from hoi_platform.services.viewer.summary import summarize

_ASSETS: Final = ("index.html", "gallery.css", "gallery.js")


def write_gallery(
    rows: Sequence[ClipRow], folder: Path, results_dir: Path, title: str = "HOI dataset"
) -> Path:
    """Write the page into ``folder``, which will be ``<results_dir>/index/gallery``.
    ``results_dir`` is used for links only: pass the folder's final place relative to it. Returns
    the path of ``index.html``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    template = resources.files("hoi_platform.services.viewer") / "gallery_page"
    for name in _ASSETS:
        write_whole(folder / name, (template / name).read_text(encoding="utf-8"))
    data = {
        "title": title,
        "root": Path(os.path.relpath(results_dir, folder)).as_posix(),
        "summary": summarize(rows),
        "labels": _labels(rows),
        "clips": [_clip(row) for row in sorted(rows, key=lambda row: row.clip_id)],
    }
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    write_whole(folder / "data.js", f"window.GALLERY = {text};\n")
    return folder / "index.html"


def _labels(rows: Sequence[ClipRow]) -> dict[str, dict[str, str]]:
    names = dict.fromkeys(name for row in rows for name in row.accuracy)
    return {name: label(name)._asdict() for name in names}


def _clip(row: ClipRow) -> dict[str, Any]:
    verdict = row.verdict
    return {
        "id": row.clip_id,
        "dataset": row.dataset,
        "category": row.category,
        "task": row.task,
        "character": row.character,
        "scene": row.scene,
        "seed": row.seed,
        "state": row.state,
        "made_at": row.made_at,
        "kept_frames": verdict.kept_frames if verdict else None,
        "total_frames": verdict.total_frames if verdict else None,
        "reasons": list(row.reasons),
        "checks": [check.to_json() for check in verdict.checks] if verdict else [],
        "accuracy": {
            name: None if value is None or isnan(value) else value
            for name, value in row.accuracy.items()
        },
        "seconds": row.seconds,
        "backends": row.backends,
        "other_videos": list(row.other_videos),
        "paths": row.paths,
    }
