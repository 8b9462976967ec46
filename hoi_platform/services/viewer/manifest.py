"""The dataset as one Parquet table, a row per clip.

Columns: identity; ``state``, ``valid``, ``failed``, ``reasons``, ``kept_frames``,
``total_frames``; ``video_variant``, the backend whose video is in use, and ``other_videos``, those
whose videos are set aside; ``commercial_ok`` and ``licenses`` ("part: name") of all that it was
made from;
per check ``check_<name>``, ``check_<name>_threshold``, ``check_<name>_passed``;
per figure ``accuracy_<name with unit>``; per stage ``seconds_<stage>`` and ``backend_<stage>``;
``path_<name>`` relative to the results folder. What a clip does not have is null.
"""

import io
from collections.abc import Sequence
from math import isnan
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.licensing import commercial_ok
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.viewer.clip_row import ClipRow

SCHEMA_VERSION: Final = "3"

_IDENTITY: Final = ("clip_id", "dataset", "category", "task", "character", "scene")


def write_manifest(rows: Sequence[ClipRow], path: Path) -> None:
    """Write the table whole, rows sorted by clip id; an empty dataset gives an empty table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = [_record(row) for row in sorted(rows, key=lambda row: row.clip_id)]
    columns = list(dict.fromkeys(key for record in records for key in record))
    fixed = list(_record(ClipRow("", "", category="", task="", character="", scene="", seed=0)))
    names = [*fixed, *sorted(set(columns) - set(fixed))]
    arrays = [pa.array([r.get(n) for r in records], _arrow_type(n)) for n in names]
    table = pa.table(dict(zip(names, arrays, strict=True)))
    table = table.replace_schema_metadata({"hoi_manifest_version": SCHEMA_VERSION})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    write_whole(path, buffer.getvalue())


def _record(row: ClipRow) -> dict[str, Any]:
    verdict = row.verdict
    record: dict[str, Any] = {key: getattr(row, key) for key in _IDENTITY}
    record |= {
        "seed": row.seed,
        "made_at": row.made_at or None,
        "state": row.state,
        "valid": None if verdict is None else verdict.valid,
        "failed": None if verdict is None else list(verdict.failed),
        "reasons": None if row.state == "unfinished" else list(row.reasons),
        "kept_frames": None if verdict is None else verdict.kept_frames,
        "total_frames": None if verdict is None else verdict.total_frames,
        "video_variant": row.video_variant or None,
        "other_videos": list(row.other_videos),
        "commercial_ok": commercial_ok(row.licenses),
        "licenses": [f"{item.part}: {item.name}" for item in row.licenses],
    }
    for check in verdict.checks if verdict else ():
        record[f"check_{check.name}"] = _number(check.value)
        record[f"check_{check.name}_threshold"] = _number(check.threshold)
        record[f"check_{check.name}_passed"] = check.passed
    record |= {f"accuracy_{name}": _number(value) for name, value in row.accuracy.items()}
    record |= {f"seconds_{stage}": value for stage, value in row.seconds.items()}
    record |= {f"backend_{stage}": value for stage, value in row.backends.items()}
    record |= {f"path_{name}": value for name, value in row.paths.items()}
    return record


def _number(value: float | None) -> float | None:
    return None if value is None or isnan(value) else float(value)


def _arrow_type(column: str) -> Any:
    import pyarrow as pa

    if column in {"failed", "reasons", "licenses", "other_videos"}:
        return pa.list_(pa.string())
    if column in {"seed", "kept_frames", "total_frames"}:
        return pa.int32()
    if column in {"valid", "commercial_ok"} or (
        column.startswith("check_") and column.endswith("_passed")
    ):
        return pa.bool_()
    if column.startswith(("check_", "accuracy_", "seconds_")):
        return pa.float64()
    return pa.string()
