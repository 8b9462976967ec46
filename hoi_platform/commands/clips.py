"""``hoi status``, ``hoi clips``, ``hoi why``: what is in the results, and what it was made from."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, Profile, ResultsDir


def status(results_dir: ResultsDir = DEFAULT_RESULTS, profile: Profile = "demo") -> None:
    """Show which stage of which clip is done, stale, corrupt or missing for today's settings."""
    from hoi_platform.assets.stage import STAGES, flow_order
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.core.formats.artifacts import upstream_subject
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.clips import video_variants

    marks = {
        "done": "[green]●[/green]",
        "stale": "[yellow]◐[/yellow]",
        "set aside": "[yellow]◌[/yellow]",
        "missing": "·",
    }
    platform = PlatformResource(results_dir=str(results_dir), profile=profile).platform()
    stages = platform.stages(STAGES)
    rows = []
    notes: set[str] = set()
    for clip in platform.made_clips():
        found = [stages.status(a, upstream_subject(a, clip) or clip) for a in flow_order()]
        demanded = stages.in_demand(flow_order(), clip)
        shown = [
            marks.get(status.state, "[red]✗[/red]") if name in demanded or status.done else " "
            for name, status in zip(flow_order(), found, strict=True)
        ]
        rows.append([clip.path, *shown])
        notes |= {status.reason for status in found if "hoi migrate" in status.reason}
        videos = video_variants(platform.store, clip, verify=True)
        if videos.others:
            notes.add(f"{clip}: video: {videos}")
        notes |= {f"{clip}: {reason}" for reason in videos.broken.values()}
    if not rows:
        console.print(f"no clip under {results_dir} yet; start with `hoi demo`")
        return
    heads = [name.replace("_", "\n") for name in flow_order()]
    console.print(table("Clips", ["clip", *heads], rows))
    console.print("● done   ◐ stale   ◌ set aside, used by the next run   ✗ corrupt   · missing")
    for note in sorted(notes):
        console.print(f"[yellow]{note}[/yellow]")


def clips(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only clips that may be used commercially.")
    ] = False,
) -> None:
    """List the clips with their verdicts, the reasons of rejected ones, and what limits their use.

    A clip may be used commercially if everything that it was made from may be.
    """
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.clips import (
        clip_licenses,
        clip_verdict,
        video_rejection,
        video_variants,
    )

    platform = PlatformResource(results_dir=str(results_dir), profile="demo").platform()
    rows = []
    for clip in platform.made_clips():
        verdict, first = clip_verdict(platform.store, clip), ""
        limits = [
            f"{item.part}: {item.name}"
            for item in clip_licenses(platform.store, clip)
            if not item.commercial_ok
        ]
        if commercial and limits:
            continue
        use = f"no ({'; '.join(limits)})" if limits else "yes"
        videos = str(video_variants(platform.store, clip))
        if verdict is None:
            rows.append((clip.path, videos, "unjudged", use, ""))
            continue
        if video_rejection(platform.store, clip):
            first = "video: "
        word = "valid" if verdict.valid else "rejected"
        rows.append((clip.path, videos, word, use, first + "; ".join(verdict.reasons)))
    heads = ("clip", "video", "verdict", "commercial use", "reasons")
    console.print(table("Clips", heads, rows))


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
