"""``hoi run``: the whole chain of chosen cells as one launch."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands import completion
from hoi_platform.commands.entry import before_any_work
from hoi_platform.commands.options import (
    DEFAULT_RESULTS,
    AsJson,
    Profile,
    Quiet,
    ResultsDir,
    Task,
    Verbose,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hoi_platform.commands.cell_results import CellResult
    from hoi_platform.core.clip import ClipId, ObjectId
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.runner import ChainRunner, Outcome


def run(
    objects: Annotated[
        str, typer.Option(help="Keys, categories or dataset/category, separated by commas.")
    ],
    seeds: Annotated[str, typer.Option(help="Random variants: 1, 1,2,5 or 1-4.")] = "1",
    to: Annotated[
        str,
        typer.Option(help="The last stage; default: all stages.", autocompletion=completion.stages),
    ] = "",
    task: Task = "manipulation",
    profile: Profile = "full",
    results_dir: ResultsDir = DEFAULT_RESULTS,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry_run", "--dry-run", help="Make and buy nothing; write a plan of what would be."
        ),
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Make the chosen cells up to a stage: mesh, video, reconstruction, verdict.

    Finished stages are kept. Exit status 1 when a cell failed or waits for approval.
    """
    from hoi_platform.assets.flow import chain_up_to
    from hoi_platform.core.cells import parse_seeds
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.chosen_cells import clips_of, objects_named

    resource = PlatformResource(results_dir=str(results_dir.absolute()), profile=profile)
    with before_any_work():
        stages, wanted, platform = chain_up_to(to), parse_seeds(seeds), resource.platform()
        platform.require_supported(task, stages)
        chosen = objects_named(platform, objects.split(","), task)
        clips = clips_of(platform, chosen, wanted)
    if dry_run:
        from hoi_platform.commands.dry_run import show_dry_run

        show_dry_run(resource, clips, stages, as_json=as_json)
        return
    if "video_task" in stages:
        from hoi_platform.resources.video import require_video_keys

        require_video_keys(platform.settings(task).gen_2dhoi.video)
    results = made(resource, clips, stages, quiet=quiet or as_json, verbose=verbose)
    print_results(results, as_json=as_json)
    if any(result.unfinished for result in results):
        raise typer.Exit(1)


def made(
    resource: "PlatformResource",
    clips: "Sequence[ClipId]",
    stages: "Sequence[str]",
    *,
    quiet: bool,
    verbose: bool = False,
    tags: "Mapping[str, str] | None" = None,
) -> "list[CellResult]":
    """Run the chain of some cells as one launch; ``tags`` are those of its runs."""
    from contextlib import nullcontext

    from hoi_platform.commands.cell_results import cell_results
    from hoi_platform.commands.terminal import BarProgress, progress_display
    from hoi_platform.runner import ChainRunner

    runner = ChainRunner(resource, verbose=verbose, tags=tags, progress=BarProgress())
    with nullcontext() if quiet else progress_display():
        outcomes = _run(runner, clips, stages, quiet=quiet)
    return cell_results(runner.platform, clips, outcomes)


def _run(
    runner: "ChainRunner", clips: "Sequence[ClipId]", stages: "Sequence[str]", *, quiet: bool
) -> "list[Outcome]":
    from hoi_platform.commands.eta import Eta
    from hoi_platform.commands.terminal import console

    eta = Eta()

    def after(found: "Sequence[Outcome]", left: "Sequence[object]") -> None:
        line = eta.add(found, left)
        if found and not quiet:
            console.print(f"[dim]{line}[/dim]", soft_wrap=True)

    seeds: dict[ObjectId, list[int]] = {}
    for clip in clips:
        seeds.setdefault(clip.object_id, []).append(clip.seed)
    outcomes = runner.run_batch(list(seeds.items()), stages, after)
    return outcomes + (runner.run_index() if "filtered_hoi" in stages else [])


def print_results(results: "Sequence[CellResult]", *, as_json: bool) -> None:
    """A line per cell with its reason, and the counts."""
    from rich.markup import escape

    from hoi_platform.commands.cell_results import summary_of
    from hoi_platform.commands.terminal import console, table

    if as_json:
        typer.echo(json.dumps([result.to_json() for result in results], indent=1))
        return
    rows = [(r.clip, r.result, escape(r.reason)) for r in results]
    console.print(table("Cells", ("cell", "result", "reason"), rows))
    console.print(summary_of(results))
