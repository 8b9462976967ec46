"""What a run of the chain ends with: stages, verdicts, accuracy, where to look."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from hoi_platform.commands.terminal import console, table
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import ARTIFACTS, Subject
from hoi_platform.runner import Outcome
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.platform import Platform


def print_report(platform: Platform, outcomes: Sequence[Outcome]) -> None:
    """Print the tables of a finished run."""
    store = platform.store
    for subject in dict.fromkeys(outcome.subject for outcome in outcomes):
        rows = [_stage_row(store, outcome) for outcome in outcomes if outcome.subject == subject]
        head = ("stage", "seconds", "backend", "artifact")
        console.print(table(str(subject or "dataset"), head, rows))
    clips = [o.subject for o in outcomes if o.asset == "filtered_hoi" and not o.error]
    for clip in clips:
        if isinstance(clip, ClipId):
            _print_clip(store, clip)
    for outcome in outcomes:
        if outcome.failed:
            print_failure(outcome)
        elif outcome.waits:
            waits = f"{outcome.asset} of {outcome.subject} waits"
            console.print(
                f"[yellow]{waits}:[/yellow] {escape(outcome.error or '')}", soft_wrap=True
            )
    _print_where(store, [c for c in clips if isinstance(c, ClipId)])


def print_failure(outcome: Outcome) -> None:
    """A failed stage in red, with the error as it was raised: its brackets are no markup."""
    where = f"{outcome.asset} of {outcome.subject}"
    console.print(f"[red]{where} failed:[/red] {escape(outcome.error or '')}", soft_wrap=True)
    if outcome.stops_batch:
        console.print("[red]the batch stopped there:[/red] no other clip was tried")


def _stage_row(store: ArtifactStore, outcome: Outcome) -> tuple[str, ...]:
    if outcome.error or outcome.record is None:
        return outcome.asset, "[red]failed[/red]" if outcome.failed else "not run", "", ""
    seconds = f"{outcome.record.seconds:.1f}" if outcome.made else "done already"
    first = ARTIFACTS[outcome.asset].files[0].key
    path = shown(store.path(outcome.asset, first, outcome.subject))
    return outcome.asset, seconds, outcome.record.backend, path


def _print_clip(store: ArtifactStore, clip: ClipId) -> None:
    verdict = read_json(store, "filtered_hoi", "verdict", clip)
    word = "[green]valid[/green]" if verdict["valid"] else "[yellow]rejected[/yellow]"
    reasons = "; ".join(verdict["reasons"])
    console.print(f"\n{clip}: {word}{': ' + reasons if reasons else ''}")
    accuracy = read_json(store, "clip_accuracy", "accuracy", clip)
    if accuracy:
        rows = [(name, f"{value:.3g}") for name, value in accuracy.items() if value is not None]
        console.print(table("Accuracy against ground truth", ("metric", "value"), rows))


def _print_where(store: ArtifactStore, clips: Sequence[ClipId]) -> None:
    console.print()
    for clip in clips:
        page = store.path("visualization", "visuals", clip) / "recon_result.html"
        if page.exists():
            console.print(f"3D page   {shown(page)}", soft_wrap=True)
    gallery = store.path("dataset_index", "gallery", None) / "index.html"
    if gallery.exists():
        console.print(f"gallery   {shown(gallery)}", soft_wrap=True)
    console.print("web page  make ui, then http://127.0.0.1:3000", soft_wrap=True)


def read_json(store: ArtifactStore, asset: str, key: str, subject: Subject) -> Any:
    """One of an artifact's JSON files."""
    return json.loads(store.require(asset, key, subject).read_text())


def shown(path: Path) -> str:
    """A path relative to the current folder where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
