"""``hoi bench clips``: what the chain costs and how accurate it is, over objects and seeds."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from hoi_platform.commands.entry import before_any_work
from hoi_platform.commands.options import Profile, ResultsDir
from hoi_platform.core.cells import parse_seeds


def clips(
    objects: Annotated[
        str, typer.Option(help="Categories of the dataset, separated by commas.")
    ] = "cordless_drill,mug,box",
    dataset: str = "ComAsset",
    seeds: Annotated[str, typer.Option(help="1, 1,2,5 or 1-3.")] = "1,2",
    profile: Profile = "demo",
    results_dir: ResultsDir = Path("results_bench"),
    output: Annotated[Path, typer.Option(help="JSON file for the figures.")] = Path(
        "results_bench/bench.json"
    ),
    baseline: Annotated[
        Path | None,
        typer.Option(help="Figures of an earlier run (docs/bench.json): exit 1 on worse ones."),
    ] = None,
) -> None:
    """Run the chain for every object and seed; print seconds, memory and accuracy."""
    committed = None if baseline is None else _committed(baseline)
    from hoi_platform.assets.stage import flow_order
    from hoi_platform.commands.machine import machine_name
    from hoi_platform.commands.report import print_failure
    from hoi_platform.commands.terminal import BarProgress, console, progress_display, table
    from hoi_platform.core.clip import ObjectId
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.runner import ChainRunner
    from hoi_platform.services.artifacts.files import write_whole

    resource = PlatformResource(results_dir=str(results_dir.absolute()), profile=profile)
    with before_any_work():
        wanted = parse_seeds(seeds)
        work = [(ObjectId(dataset, name.strip()), wanted) for name in objects.split(",")]
        resource.platform().require_known(object_id for object_id, _ in work)
    runner = ChainRunner(resource, progress=BarProgress())
    with progress_display():
        outcomes = runner.run_batch(work, flow_order()) + runner.run_index()
    figures = {"machine": machine_name(), "profile": profile} | collect(outcomes)
    write_whole(output, json.dumps(figures, indent=1) + "\n")
    console.print(table("Cost per partition (median)", _COST_HEAD, _cost_rows(figures)))
    console.print(table("Accuracy", ("clip", *_SHOWN.values()), _accuracy_rows(figures)))
    failed = [o for o in outcomes if o.error]
    for outcome in outcomes:
        if outcome.failed:
            print_failure(outcome)
    console.print(f"written to {output}")
    worse = committed is not None and _is_worse(figures["accuracy"], committed)
    if failed or worse:
        raise typer.Exit(1)


def _committed(path: Path) -> dict[str, Any]:
    """The accuracy of each clip in an earlier run's JSON. Raises BadInputError."""
    from hoi_platform.core.errors import BadInputError

    try:
        return dict(json.loads(path.read_text())["accuracy"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(f"{path} holds no figures of hoi bench: {error}") from error


def _is_worse(accuracy: dict[str, Any], committed: dict[str, Any]) -> bool:
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.core.metrics.gate import compare

    results = compare(accuracy, committed)
    rows = [
        (
            r.gate.metric,
            f"{r.baseline:.3g}",
            f"{r.value:.3g}",
            f"{r.gate.limit(r.baseline):.3g}",
            "ok" if r.passed else "[red]worse[/red]",
        )
        for r in results
    ]
    head = ("median of the clips in both", "baseline", "now", "limit", "")
    console.print(table("Against the baseline", head, rows))
    return not all(r.passed for r in results)


_COST_HEAD = ("stage", "seconds", "peak MB", "partitions")
_SHOWN = {
    "mpjpe_mm": "MPJPE mm",
    "hand_joint_mm": "hands mm",
    "object_translation_mm": "object mm",
    "object_translation_moved_mm": "held mm",
    "object_rotation_deg": "object °",
    "object_rotation_moved_deg": "held °",
    "add_s_mm": "ADD-S mm",
    "contact_f1": "contact F1",
    "foot_slide_mm_s": "slide mm/s",
    "penetration_pct": "inside %",
}
"""Figures and their headings; held: over the frames in which the object has left its place."""


def collect(outcomes: Sequence[Any]) -> dict[str, Any]:
    """A run's figures as plain JSON: cost per stage, accuracy and verdict per clip, failures."""
    cost: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    accuracy, verdicts = {}, {}
    for outcome in outcomes:
        if outcome.record is None or outcome.error:
            continue
        cost[outcome.asset]["seconds"].append(outcome.record.seconds)
        cost[outcome.asset]["peak_memory_mb"].append(outcome.record.peak_memory_mb or 0.0)
        if outcome.asset == "clip_accuracy":
            accuracy[str(outcome.subject)] = outcome.record.facts
        if outcome.asset == "filtered_hoi":
            verdicts[str(outcome.subject)] = outcome.record.facts
    stages = {
        asset: {
            "median_seconds": round(median(values["seconds"]), 2),
            "max_peak_memory_mb": max(values["peak_memory_mb"]),
            "partitions": len(values["seconds"]),
        }
        for asset, values in cost.items()
    }
    return {
        "stages": stages,
        "accuracy": accuracy,
        "median_accuracy": _medians(accuracy.values()),
        "verdicts": verdicts,
        "failures": {f"{o.asset} {o.subject}": o.error for o in outcomes if o.error},
    }


def _medians(rows: Iterable[dict[str, Any]]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float | int) and not isinstance(value, bool):
                values[name].append(value)
    return {name: round(median(found), 3) for name, found in values.items()}


def _cost_rows(figures: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [
        (
            asset,
            f"{row['median_seconds']:.1f}",
            f"{row['max_peak_memory_mb']:.0f}",
            str(row["partitions"]),
        )
        for asset, row in figures["stages"].items()
    ]
    total = sum(row["median_seconds"] for row in figures["stages"].values())
    return [*rows, ("chain", f"{total:.1f}", "", "")]


def _accuracy_rows(figures: dict[str, Any]) -> list[list[str]]:
    clips = {**figures["accuracy"], "median": figures["median_accuracy"]}
    return [
        [_short(clip), *(f"{row[name]:.3g}" if name in row else "—" for name in _SHOWN)]
        for clip, row in clips.items()
    ]


def _short(clip: str) -> str:
    """``mug rand00001`` of ``ComAsset/mug/kid_indoor2-manipulation_rand00001``."""
    *_, category, name = ("", *clip.split("/"))
    return f"{category} {name.rpartition('_')[2]}".strip()
