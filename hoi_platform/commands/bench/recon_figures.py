"""Figures of the truth suite: kept per case, summed up per part, printed and merged."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast, get_args

if TYPE_CHECKING:
    from hoi_platform.core.truth_suite.cases import Part

SEALED_LOG: Final = Path("docs/sealed_log.md")

_HEADLINES: Final[dict[str, tuple[str, str, str]]] = {
    "body, first estimate (mm)": ("human_pose", "mpjpe_mm", ".1f"),
    "body (MPJPE, mm)": ("reconstruction", "mpjpe_mm", ".1f"),
    "hand joints (mm)": ("reconstruction", "hand_joint_mm", ".1f"),
    "object mask while moved (IoU)": ("scene_tracks", "object_moved_iou", ".2f"),
    "object depth (mm)": ("scene_tracks", "object_depth_mm", ".0f"),
    "object while moved, tracked (mm)": ("object_pose", "object_translation_moved_mm", ".1f"),
    "object while moved (mm)": ("reconstruction", "object_translation_moved_mm", ".1f"),
    "object while moved, tracked (deg)": ("object_pose", "object_rotation_moved_deg", ".1f"),
    "object while moved (deg)": ("reconstruction", "object_rotation_moved_deg", ".1f"),
    "ADD-S (mm)": ("reconstruction", "add_s_mm", ".1f"),
    "contact F1": ("reconstruction", "contact_f1", ".3f"),
    "foot slide (mm/s)": ("reconstruction", "foot_slide_mm_s", ".1f"),
    "penetration (%)": ("reconstruction", "penetration_pct", ".2f"),
}
"""Heading → stage, figure, format; moved: over the frames in which the object has left its
place."""


def figures_of(folder: Path, part: str) -> dict[str, Any]:
    """Case → its figures, of all cases of a part that have been measured."""
    files = sorted((folder / "figures" / part).glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def _values(figures: dict[str, Any], stage: str, name: str) -> list[float]:
    rows = [row["errors"][stage][name] for row in figures.values() if "errors" in row]
    return [value for value in rows if value is not None]


def _statistics(figures: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Heading → median, worst of nine in ten (the 90th percentile; the 10th of F1 and IoU), n."""
    import numpy as np

    result = {}
    for heading, (stage, name, _) in _HEADLINES.items():
        values = _values(figures, stage, name)
        if values:
            bad = 10 if name.endswith(("iou", "f1")) else 90
            result[heading] = {
                "median": round(float(np.median(values)), 4),
                "p90": round(float(np.percentile(values, bad)), 4),
                "clips": len(values),
            }
    return result


def _improved(figures: dict[str, Any]) -> tuple[int, int]:
    """Clips whose body the optimizer improved, of all."""
    before = _values(figures, "human_pose", "mpjpe_mm")
    after = _values(figures, "reconstruction", "mpjpe_mm")
    return sum(b > a for b, a in zip(before, after, strict=True)), len(before)


def print_part(part: str, figures: dict[str, Any]) -> None:
    from hoi_platform.commands.terminal import console, table

    rows = [
        (
            heading,
            *(format(row[k], _HEADLINES[heading][2]) for k in ("median", "p90")),
            row["clips"],
        )
        for heading, row in _statistics(figures).items()
    ]
    title = f"{part}: {len(figures)} cases"
    console.print(table(title, ("figure", "median", "worst of 9 in 10", "clips"), rows))
    valid = sum(row["verdict"]["valid"] for row in figures.values() if "verdict" in row)
    better, of = _improved(figures)
    console.print(f"valid {valid} of {len(figures)}; body improved by the optimizer {better}/{of}")
    for name, row in figures.items():
        if "error" in row:
            console.print(f"[red]{name}:[/red] {row['error']}")


def summary(figures: dict[str, Any]) -> str:
    if "error" in figures:
        return f"failed: {figures['error']}"
    shown = [
        f"{heading} {value:.3g}"
        for heading, value in _short(figures).items()
        if heading in _HEADLINES
    ]
    return "; ".join(shown)


def write_report(folder: Path, output: Path | None) -> None:
    """Print and write the figures of all parts that have been measured."""
    from hoi_platform.commands.machine import machine_name
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.truth_suite.cases import Part, cases
    from hoi_platform.services.artifacts.files import write_whole

    merged: dict[str, Any] = {"machine": machine_name(), "parts": {}}
    for part in get_args(Part):
        figures = figures_of(folder, part)
        if not figures:
            console.print(f"{part}: not measured; run `hoi bench recon {part}`")
            continue
        print_part(part, figures)
        merged["parts"][part] = {
            "cases": len(cases(part)),
            "measured": len(figures),
            "commits": sorted({row.get("commit", "unknown") for row in figures.values()}),
            "valid": sum(r["verdict"]["valid"] for r in figures.values() if "verdict" in r),
            "failed": {name: row["error"] for name, row in figures.items() if "error" in row},
            "body_improved_by_optimizer": _improved(figures)[0],
            "statistics": _statistics(figures),
            "by_mistake": _by_mistake(part, figures),
            "clips": {name: _short(row) for name, row in figures.items() if "errors" in row},
        }
    target = output or folder / "bench_recon.json"
    write_whole(target, json.dumps(merged, indent=1) + "\n")
    console.print(f"written to {target}")


def _by_mistake(part: str, figures: dict[str, Any]) -> dict[str, Any]:
    """Degradation or wrong knowledge → statistics of its cases; empty for clean parts."""
    from hoi_platform.core.truth_suite.cases import cases

    groups: dict[str, dict[str, Any]] = {}
    for case in cases(cast("Part", part)):
        if case.spoiled_by and case.name in figures:
            groups.setdefault(case.spoiled_by, {})[case.name] = figures[case.name]
    return {name: _statistics(group) for name, group in groups.items()}


def _short(row: dict[str, Any]) -> dict[str, Any]:
    values = {
        heading: round(row["errors"][stage][name], 4)
        for heading, (stage, name, _) in _HEADLINES.items()
        if row["errors"][stage][name] is not None
    }
    return values | row["verdict"]


def log_sealed_run(figures: dict[str, Any]) -> None:
    """One line per finished run of the sealed part, in the checkout that ran it."""
    from hoi_platform.commands.machine import commit_name
    from hoi_platform.resources.platform import PROJECT_ROOT

    shown = ("body (MPJPE, mm)", "hand joints (mm)", "object while moved (mm)")
    shown += ("object while moved (deg)", "contact F1")
    found = _statistics(figures)
    cells = [f"{found[name]['median']:.3g}" if name in found else "—" for name in shown]
    valid = sum(row["verdict"]["valid"] for row in figures.values() if "verdict" in row)
    day = datetime.now(UTC).date().isoformat()
    row = [day, commit_name(), *cells, f"{valid}/{len(figures)}"]
    path = PROJECT_ROOT / SEALED_LOG
    with path.open("a") as file:
        file.write(f"| {' | '.join(row)} |\n")
