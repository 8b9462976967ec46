"""``hoi why``: what a clip came from, stage by stage, and what it cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands import completion
from hoi_platform.commands.listing import Row, print_json
from hoi_platform.commands.options import DEFAULT_RESULTS, AsJson, Profile, ResultsDir

if TYPE_CHECKING:
    from hoi_platform.core.clip import ClipId
    from hoi_platform.services.platform import Platform


def why(
    clip: Annotated[
        str,
        typer.Argument(
            help="<dataset>/<category>/<character>_<scene>_rand00001",
            autocompletion=completion.clips,
        ),
    ],
    results_dir: ResultsDir = DEFAULT_RESULTS,
    profile: Profile = "demo",
    as_json: AsJson = False,
) -> None:
    """Show what a clip came from and what it cost.

    Per stage: its state today and why, seed, seconds, memory, price, inputs, settings, facts.
    """
    from hoi_platform.commands.entry import before_any_work
    from hoi_platform.commands.story import story_of
    from hoi_platform.core.clip import parse_clip_path
    from hoi_platform.core.errors import BadInputError
    from hoi_platform.resources.platform import PlatformResource

    platform = PlatformResource(results_dir=str(results_dir), profile=profile).platform()
    with before_any_work():
        known = parse_clip_path(clip, platform.catalogue.first_tasks())
    rows = story_of(platform, known)
    if not rows:
        raise BadInputError(f"no record of clip {clip!r} under {results_dir}; see `hoi clips`")
    if as_json:
        print_json(rows)
    else:
        _print(platform, known, rows)


def _print(platform: "Platform", clip: "ClipId", rows: Sequence[Row]) -> None:
    from hoi_platform.commands.story import cost_usd, details, purchases
    from hoi_platform.commands.terminal import console, print_listing

    seconds, bought = sum(row["seconds"] or 0.0 for row in rows), purchases(platform, clip)
    spent = f"{cost_usd(bought):.2f} USD in {len(bought)} requests" if bought else "nothing"
    console.print(f"{clip.path}: {_verdict(platform, clip)}", soft_wrap=True, markup=False)
    console.print(f"seed {clip.seed}; {seconds:.1f} s of work; bought: {spent}")
    heads = ("stage", "state", "seconds", "peak MB", "USD", "backend", "made at", "why")
    print_listing("Stages", heads, [_cells(row) for row in rows])
    for row in rows:
        console.print(f"\n{row['stage']}", style="bold")
        for line in details(row):
            console.print(f"  {line}", soft_wrap=True, markup=False)


def _cells(row: Row) -> list[str]:
    def number(name: str, form: str) -> str:
        return "" if row[name] is None else format(row[name], form)

    figures = [number("seconds", ".1f"), number("peak_memory_mb", ".0f"), number("cost_usd", ".4g")]
    ends = [row["backend"] or "", row["created_at"] or "", row["reason"]]
    return [row["stage"], row["state"], *figures, *ends]


def _verdict(platform: "Platform", clip: "ClipId") -> str:
    """The word for a clip, and why."""
    from hoi_platform.services.artifacts.damage import DamagedFileError
    from hoi_platform.services.clips import recorded_verdict

    records = platform.store.summaries.of_object(clip.object_id.path)
    try:
        verdict = recorded_verdict(platform.store, clip, records)
    except DamagedFileError as error:
        return f"broken: {error}"
    if verdict is None:
        return "not judged yet"
    return "valid" if verdict.valid else f"rejected: {'; '.join(verdict.reasons)}"
