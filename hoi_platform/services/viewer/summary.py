"""The dataset in figures: how many clips got how far, what rejected them, how good they are."""

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from statistics import median
from typing import Any, Final

from hoi_platform.services.viewer.clip_row import ClipRow

# Stages that the funnel shows, with what a clip has once they are done.
FUNNEL: Final[dict[str, str]] = {
    "scene_render": "rendered",
    "interaction_video": "filmed",
    "reconstruction": "reconstructed",
    "filtered_hoi": "judged",
}


def summarize(rows: Sequence[ClipRow]) -> dict[str, Any]:
    """Plain JSON values; yields and medians are None where there is nothing to divide or sort.

    ``failures`` counts clips per failed check; one clip may fail several. ``rejected_videos`` are
    bought, not as ordered, and judged by that alone; ``broken`` clips have a file that cannot be
    read.
    """
    judged = [row for row in rows if row.verdict is not None]
    valid = sum(row.state == "valid" for row in rows)
    failures = Counter(name for row in judged if row.verdict for name in row.verdict.failed)
    funnel = {"planned": len(rows)}
    funnel |= {word: sum(stage in row.seconds for row in rows) for stage, word in FUNNEL.items()}
    return {
        "clips": len(rows),
        "judged": len(judged),
        "valid": valid,
        "broken": sum(row.state == "broken" for row in rows),
        "rejected_videos": sum(bool(row.rejected_video) for row in rows),
        "yield": valid / len(judged) if judged else None,
        "funnel": funnel | {"valid": valid},
        "failures": dict(failures.most_common()),
        "median_accuracy": _medians([row.accuracy for row in rows]),
        "median_seconds": _medians([row.seconds for row in rows]),
        "frames_valid": sum(
            row.verdict.kept_frames for row in judged if row.verdict and row.verdict.valid
        ),
    }


def _medians(tables: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The median per key over the tables that have a finite number there."""
    names = list(dict.fromkeys(name for table in tables for name in table))
    columns = {
        name: [v for t in tables if (v := t.get(name)) is not None and isfinite(v)]
        for name in names
    }
    return {name: float(median(values)) for name, values in columns.items() if values}
