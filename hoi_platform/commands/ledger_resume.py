"""``hoi ledger resume``: finishes what is open in the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoi_platform.commands import completion
from hoi_platform.commands.entry import before_any_work
from hoi_platform.commands.options import DEFAULT_RESULTS, Profile, Quiet, ResultsDir, Task

if TYPE_CHECKING:
    from hoi_platform.core.clip import ClipId
    from hoi_platform.core.config.gen_2dhoi import VideoConfig
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.resources.video import VideoResource
    from hoi_platform.runner import Outcome
    from hoi_platform.services.ledger.ledger import Ledger
    from hoi_platform.services.ledger.schema import RequestRow

_ASSETS = ("video_task", "interaction_video")


@dataclass(frozen=True)
class OpenClip:
    """A clip with an open row, and what its video was ordered with."""

    clip: "ClipId"
    video: dict[str, Any]
    """Fields of VideoConfig."""


def resume(
    wait: Annotated[bool, typer.Option(help="Wait for tasks that are still running.")] = True,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
    config: Annotated[
        Path | None, typer.Option(help="The YAML file that gen_2dhoi was run with, if any.")
    ] = None,
    profile: Profile = "full",
    character: Annotated[
        str | None,
        typer.Option(
            help="The person who acts, if not the configuration's.",
            autocompletion=completion.characters,
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Finish what is open: look up, submit, wait, fetch. Nothing new is bought.

    Backend and model are those of each row. A clip whose request is a different one today gets its
    video fetched on its own, without the daemon's wait between visits. Fails if a ready video was
    not fetched.
    """
    from hoi_platform.commands.terminal import console, progress_display
    from hoi_platform.resources.ledger import LedgerResource
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.resources.video import resuming_video
    from hoi_platform.services.ledger.states import TERMINAL, RequestState
    from hoi_platform.services.video.polling import poll_open_tasks

    overrides = {"gen_2dhoi": {"character": character} if character else {}}
    platform = PlatformResource(
        results_dir=str(results_dir.absolute()),
        profile=profile,
        gen_config=str(config.absolute()) if config else "",
        overrides=overrides,
    )
    with before_any_work():
        settings, files = platform.platform().settings(task), platform.platform().files(task)
        files.character(settings.gen_2dhoi)
    video_config = settings.gen_2dhoi.video
    ledger = LedgerResource(platform=platform).ledger(video_config.budget)
    video = resuming_video(platform)
    poll = poll_open_tasks(ledger, lambda row: video.of_row(row, video_config))
    unsettled = ledger.rows(set(RequestState) - TERMINAL)
    rows = poll.finished if not wait else [row for row in unsettled if row.kind == "video"]
    clips = open_clips(platform, rows)
    console.print(
        f"{poll.asked} open, {len(poll.ready)} ready, {len(clips)} clips to continue with"
    )
    problems = [f"[yellow]not asked:[/yellow] {error}" for error in poll.unasked]
    problems += [f"[yellow]not read:[/yellow] {error}" for error in poll.unread]
    named = {subject for row in rows for subject in row.subjects}
    if unknown := named - {str(found.clip) for found in clips}:
        console.print(
            f"[yellow]no such clip today:[/yellow] {', '.join(sorted(unknown))}; give the "
            "--config or --character that it was made with"
        )
    with progress_display(quiet=quiet):
        outcomes = until_stopped(_go_on(platform, found) for found in clips)
    failed = [outcome for outcome in outcomes if outcome.error]
    problems += [f"[red]{o.asset} of {o.subject}:[/red] {o.error}" for o in failed]
    problems += fetch_left(ledger, video, video_config)
    for problem in problems:
        console.print(problem)
    if problems:
        raise typer.Exit(1)


def until_stopped(runs: Iterable[list["Outcome"]]) -> list["Outcome"]:
    """The outcomes of one clip after the other, up to one that stops the batch."""
    outcomes: list[Outcome] = []
    for made in runs:
        outcomes += made
        if any(outcome.stops_batch for outcome in made):
            break
    return outcomes


def fetch_left(ledger: "Ledger", video: "VideoResource", config: "VideoConfig") -> list[str]:
    """Fetch every ready video that no clip of today has fetched; what went wrong, in words."""
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.errors import HoiError
    from hoi_platform.services.ledger.states import RequestState

    problems = []
    for row in ledger.rows({RequestState.SUCCEEDED}):
        if row.kind != "video" or video.delivery().located(row) is not None:
            continue
        try:
            fetched = video.of_row(row, config).fetch(row)
            console.print(f"fetched row {row.id} of {row.subject} into {fetched.result}")
        except HoiError as error:
            problems.append(f"[red]row {row.id} is ready and was not fetched:[/red] {error}")
    return problems


def open_clips(platform: "PlatformResource", rows: Sequence["RequestRow"]) -> list[OpenClip]:
    """The clips of rows, each once."""
    from hoi_platform.services.clips import clips_named

    service = platform.platform()
    found: dict[ClipId, OpenClip] = {}
    for row in rows:
        for clip in (c for subject in row.subjects for c in clips_named(service, subject)):
            if clip not in found:
                record = service.store.record("video_task", clip)
                settings = record.settings if record and record.backend_name == row.provider else {}
                found[clip] = OpenClip(clip, settings | _ordered_with(row))
    return list(found.values())


def _ordered_with(row: "RequestRow") -> dict[str, Any]:
    """The part of the configuration that a row states; fal's model names are not the
    configuration's."""
    model = {"kling_model_name": row.model} if row.provider == "kling-ai" else {}
    return {"model_api": row.provider, **model}


def _go_on(platform: "PlatformResource", found: OpenClip) -> list["Outcome"]:
    from hoi_platform.commands.terminal import BarProgress
    from hoi_platform.core.config.settings import merged
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.resources.video import resuming_video
    from hoi_platform.runner import ChainRunner

    overrides = merged(platform.overrides, {"gen_2dhoi": {"video": found.video}})
    resource = PlatformResource(
        results_dir=platform.results_dir,
        profile=platform.profile,
        gen_config=platform.gen_config,
        overrides=overrides,
    )
    runner = ChainRunner(resource, progress=BarProgress(), video=resuming_video(resource))
    return runner.run(found.clip.object_id, [found.clip.seed], _ASSETS)
