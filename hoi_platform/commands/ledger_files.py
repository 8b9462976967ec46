"""``hoi ledger fetch|recheck|accept``: the file of one paid video."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from hoi_platform.commands.ledger_access import Reference, open_for_video
from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir, Task

Decision = Callable[..., Any]
"""``judging.recheck`` or ``judging.accept``."""


def fetch(
    reference: Reference, results_dir: ResultsDir = DEFAULT_RESULTS, task: Task = "manipulation"
) -> None:
    """Download one ready video, whatever its clip's configuration is today."""
    from hoi_platform.commands.terminal import console
    from hoi_platform.services.ledger.states import OPEN

    ledger, config, video = open_for_video(results_dir, task)
    row = ledger.get(reference)
    backend = video.of_row(row, config)
    if row.state in OPEN:
        (row,) = backend.refresh([row])
    row = backend.fetch(row)
    console.print(f"row {row.id} of {', '.join(row.subjects)} is {row.state}: {row.result}")


def recheck(
    reference: Reference, results_dir: ResultsDir = DEFAULT_RESULTS, task: Task = "manipulation"
) -> None:
    """Check a fetched or rejected video again; one that passes lets its clips continue."""
    from hoi_platform.services.video import judging

    _decide(judging.recheck, reference, results_dir, task)


def accept(
    reference: Reference, results_dir: ResultsDir = DEFAULT_RESULTS, task: Task = "manipulation"
) -> None:
    """Accept a fetched or rejected video as it is: the next run of its clips continues with it."""
    from hoi_platform.services.video import judging

    _decide(judging.accept, reference, results_dir, task)


def _decide(decision: Decision, reference: str, results_dir: Path, task: str) -> None:
    from hoi_platform.commands.terminal import console
    from hoi_platform.services.ledger.states import RequestState

    ledger, _, video = open_for_video(results_dir, task)
    platform = video.ledger.platform.platform()
    first_tasks = platform.catalogue.first_tasks()
    row = decision(ledger, ledger.get(reference), video.delivery(), platform.store, first_tasks)
    console.print(f"row {row.id} of {', '.join(row.subjects)} is {row.state}: {row.reason}")
    if row.state != RequestState.DELIVERED:
        raise typer.Exit(1)
