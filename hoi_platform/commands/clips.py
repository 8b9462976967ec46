"""``hoi status``, ``hoi clips``, ``hoi why``: what is in the results, and what it was made from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, Profile, ResultsDir

if TYPE_CHECKING:
    from hoi_platform.services.cells import Cell


def status(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    profile: Profile = "demo",
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every file with its recorded hash.")
    ] = False,
) -> None:
    """Show which stage of which clip is done, stale or missing for today's settings.

    Records are compared, their files only with --verify; what is made next reads what it needs
    with care in any case.
    """
    from hoi_platform.assets.stage import STAGES, flow_order
    from hoi_platform.commands.terminal import console, print_listing
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.cells import cells

    platform = PlatformResource(results_dir=str(results_dir), profile=profile).platform()
    order, rows, notes = flow_order(), [], set[str]()
    for cell in cells(platform, STAGES, verify=verify):
        marks = [_MARKS.get(cell.states[n], "✗") if n in cell.states else " " for n in order]
        rows.append([cell.clip.path, *marks])
        notes |= _notes(cell)
    if not rows:
        console.print(f"no clip under {results_dir} yet; start with `hoi demo`")
        return
    heads = [name.replace("_", "\n") for name in order]
    print_listing("Clips", ["clip", *heads], rows, _STYLES)
    console.print("● done   ◐ stale   ◌ set aside, used by the next run   ✗ corrupt   · missing")
    for note in sorted(notes):
        console.print(f"[yellow]{note}[/yellow]", soft_wrap=True)


def _notes(cell: "Cell") -> set[str]:
    """What the marks do not say."""
    from hoi_platform.services.artifacts.store import EARLIER_VERSION

    notes = {f"{cell.clip}: {reason}" for reason in cell.videos.broken.values()}
    if cell.videos.others:
        notes.add(f"{cell.clip}: video: {cell.videos}")
    return notes | {EARLIER_VERSION} if cell.of_earlier_version else notes


_MARKS: Final = {"done": "●", "stale": "◐", "set aside": "◌", "missing": "·"}
_STYLES: Final = {"●": "green", "◐": "yellow", "◌": "yellow", "✗": "red"}


def clips(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only clips that may be used commercially.")
    ] = False,
) -> None:
    """List the clips with their verdicts, the reasons of rejected ones, and what limits their use.

    A clip may be used commercially if everything that it was made from may be.
    """
    from hoi_platform.commands.terminal import print_listing
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.clips import listed_clips

    platform = PlatformResource(results_dir=str(results_dir), profile="demo").platform()
    rows = []
    for line in listed_clips(platform):
        limits = [f"{item.part}: {item.name}" for item in line.licenses if not item.commercial_ok]
        if commercial and limits:
            continue
        use = f"no ({'; '.join(limits)})" if limits else "yes"
        reasons = "; ".join(line.reasons)
        rows.append((line.clip.path, str(line.videos), line.verdict, use, reasons))
    heads = ("clip", "video", "verdict", "commercial use", "reasons")
    print_listing("Clips", heads, rows)


def why(
    clip: Annotated[str, typer.Argument(help="<dataset>/<category>/<character>_<scene>_rand00001")],
    results_dir: ResultsDir = DEFAULT_RESULTS,
) -> None:
    """Show the chain of records that a clip came from: inputs, settings, seconds, facts."""
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.core.errors import BadInputError
    from hoi_platform.core.formats.artifacts import ARTIFACTS
    from hoi_platform.services.artifacts.record import ArtifactRecord

    category = str(Path(clip).parent)
    rows = []
    for kind in ARTIFACTS.values():
        if kind.scope == "index":
            continue
        subject = category if kind.scope == "object" else clip
        path = results_dir / "generation" / "records" / kind.name / f"{subject}.json"
        if not path.is_file():
            continue
        record = ArtifactRecord.model_validate_json(path.read_bytes())
        facts = json.dumps(record.facts, default=str)
        rows.append(
            (kind.name, record.backend, f"{record.seconds:.1f}", ", ".join(record.inputs), facts)
        )
    if not rows:
        raise BadInputError(f"no record of clip {clip!r} under {results_dir}; see `hoi clips`")
    console.print(table(clip, ("stage", "backend", "seconds", "made from", "facts"), rows))
