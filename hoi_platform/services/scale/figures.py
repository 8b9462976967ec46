"""The figures of ``hoi bench platform``: kept part by part, shown as a table beside their goals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hoi_platform.services.artifacts.files import write_whole


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    name: str
    part: str
    unit: str
    goal: float | None = None
    """At most so much, on two cores; None: shown without one."""


FIGURES: Final = (
    Figure("`hoi clips`, first time", "listing", "CPU-s"),
    Figure("`hoi clips`", "listing", "CPU-s", 5),
    Figure("`hoi status`, after `hoi clips`", "listing", "CPU-s", 5),
    Figure("manifest and gallery", "index", "CPU-s", 60),
    Figure("a sensor's look at all cells, first time", "tick", "CPU-s"),
    Figure("a sensor's look at all cells", "tick", "CPU-s", 5),
    Figure("a step's look-ups, 10 objects", "overhead", "ms"),
    Figure("a step's look-ups, all objects", "overhead", "ms"),
    Figure("web server, daemon, code server, file server, idle", "servers", "MB", 700),
    Figure("backfill: per cell, SQLite", "backfill", "s"),
    Figure("backfill: per cell, PostgreSQL", "backfill", "s"),
)
PARTS: Final = tuple(dict.fromkeys(figure.part for figure in FIGURES))


class FigureFile:
    """The JSON file; a part that is measured again replaces its figures, the others stay."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any]:
        """Nothing before the first part."""
        return json.loads(self._path.read_text()) if self._path.is_file() else {"parts": {}}

    def add(self, part: str, figures: Mapping[str, Any]) -> None:
        held = self.read()
        held["parts"] = {
            name: {**held["parts"], part: dict(figures)}[name]
            for name in PARTS
            if name in held["parts"] or name == part
        }
        write_whole(self._path, json.dumps(held, indent=1) + "\n")


def table_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What was measured, on how much, and the goal."""
    rows: list[tuple[str, ...]] = []
    for figure in FIGURES:
        part = report["parts"].get(figure.part)
        if part is not None and (value := part["figures"].get(figure.name)) is not None:
            goal = "" if figure.goal is None else f"≤ {figure.goal:g}"
            rows.append((figure.name, part["size"], f"{value:.3g} {figure.unit}", goal))
    return rows


HEADS: Final = ("", "size", "measured", "goal")


def markdown(report: Mapping[str, Any]) -> str:
    """The table in docs/platform_scale.md, with the machine of each part below it."""
    lines = [HEADS, tuple("---" for _ in HEADS), *table_rows(report)]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return table + "\n\n" + "\n".join(_where(name, part) for name, part in report["parts"].items())


def _where(name: str, part: Mapping[str, Any]) -> str:
    return (
        f"- {name}: {part['machine']}, commit `{part['commit']}`, load {part['load']}, "
        f"reference loop {part['loop_s']:.2f} s."
    )
