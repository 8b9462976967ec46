"""``hoi status``: which stage of which clip is done, stale, missing or broken."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hoi_platform.commands.listing import Wanted, clip_fields, print_json
from hoi_platform.commands.options import (
    DEFAULT_RESULTS,
    AsJson,
    FailedFilter,
    ObjectFilter,
    Profile,
    ResultsDir,
    StateFilter,
    TaskFilter,
)

if TYPE_CHECKING:
    from hoi_platform.services.cells import Cell

_MARKS: Final = {"done": "●", "stale": "◐", "set aside": "◌", "missing": "·", "corrupt": "✗"}
_STYLES: Final = {"●": "green", "◐": "yellow", "◌": "yellow", "✗": "red", "·": "dim"}
_LEGEND: Final = (
    "● done   ◐ stale   ◌ set aside, used by the next run   ✗ corrupt   · missing   "
    "(blank: not needed)"
)


def status(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    profile: Profile = "demo",
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every file with its recorded hash.")
    ] = False,
    object_: ObjectFilter = "",
    task: TaskFilter = "",
    state: StateFilter = "",
    failed: FailedFilter = "",
    as_json: AsJson = False,
) -> None:
    """Show which stage of which clip is done, stale or missing for today's settings.

    Records are compared, their files only with --verify; what is made next reads what it needs
    with care in any case. --state done: clips with nothing left to make; any other state: clips
    with a stage in it.
    """
    from hoi_platform.assets.stage import STAGES, flow_order
    from hoi_platform.commands.terminal import console
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.cells import cells

    wanted = Wanted(object_, task, state, failed)
    wanted.check(_MARKS)
    platform = PlatformResource(results_dir=str(results_dir), profile=profile).platform()
    found = [cell for cell in cells(platform, STAGES, verify=verify) if _is_wanted(cell, wanted)]
    if as_json:
        print_json([_fields(cell) for cell in found])
    elif found:
        _print(found, flow_order())
    elif any((object_, task, state, failed)):
        console.print("no clip that fits these filters")
    else:
        console.print(f"no clip under {results_dir} yet; start with `hoi demo`")


def _is_wanted(cell: "Cell", wanted: Wanted) -> bool:
    if not wanted.has_object(cell.clip.object_id) or not wanted.has_failed(cell.failed):
        return False
    states = set(cell.states.values())
    return not wanted.state or (
        states == {"done"} if wanted.state == "done" else wanted.state in states
    )


def _fields(cell: "Cell") -> dict[str, Any]:
    return {
        **clip_fields(cell.clip),
        "stages": {name: str(state) for name, state in cell.states.items()},
        "missing": list(cell.missing),
        "valid": cell.valid,
        "failed": list(cell.failed),
        "rejected_video": cell.rejected_video,
        "video": cell.videos.standing,
        "other_videos": list(cell.videos.others),
        "problems": _problems(cell),
        "earlier_version": cell.of_earlier_version,
    }


def _problems(cell: "Cell") -> list[str]:
    return [*cell.problems.values(), *cell.videos.broken.values()]


def _print(found: "Sequence[Cell]", order: Sequence[str]) -> None:
    """One mark per stage, in columns of one character that the lines below explain."""
    from hoi_platform.commands.terminal import console, print_listing

    rows = [
        [
            cell.clip.path,
            "".join(_MARKS[cell.states[n]] if n in cell.states else " " for n in order),
        ]
        for cell in found
    ]
    numbers = [chr(ord("a") + place) for place in range(len(order))]
    print_listing("Clips", ["clip", "".join(numbers)], rows, _STYLES)
    named = [f"{number} {name}" for number, name in zip(numbers, order, strict=True)]
    for start in range(0, len(named), _PER_LINE):
        console.print("   ".join(named[start : start + _PER_LINE]), style="dim")
    console.print(_LEGEND)
    for note in sorted({note for cell in found for note in _notes(cell)}):
        console.print(note, style="yellow", soft_wrap=True, markup=False)


_PER_LINE: Final = 4
"""Stages in a line of the legend; chosen: four fit in 80 columns."""


def _notes(cell: "Cell") -> set[str]:
    """What the marks do not say."""
    from hoi_platform.services.artifacts.store import EARLIER_VERSION

    notes = {f"{cell.clip}: {problem}" for problem in _problems(cell)}
    if cell.videos.others:
        notes.add(f"{cell.clip}: video: {cell.videos}")
    return notes | {EARLIER_VERSION} if cell.of_earlier_version else notes
