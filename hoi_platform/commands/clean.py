"""``hoi clean``: removes old runs and logs, and what killed processes left behind."""

from typing import Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir


def clean(
    leftovers: Annotated[
        bool, typer.Option("--leftovers", help="What no process and no page needs any more.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry_run", "--dry-run", help="List it, and remove nothing.")
    ] = False,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    staging_days: Annotated[
        float, typer.Option(help="Age of unfinished artifacts (days).", min=0.01)
    ] = 2.0,
    parts_days: Annotated[
        float, typer.Option(help="Age of parts of files (days).", min=0.01)
    ] = 2.0,
    runs_days: Annotated[float, typer.Option(help="Age of runs (days).", min=15)] = 30.0,
    logs_days: Annotated[float, typer.Option(help="Age of runs' logs (days).", min=0.01)] = 30.0,
) -> None:
    """Remove old runs and logs of Dagster and what killed processes left in the results folder.

    Finished artifacts, bought videos and the ledger are never touched. The schedule
    clean_up_weekly does the same.
    """
    from hoi_platform.core.errors import BadInputError

    if not leftovers:
        raise BadInputError("nothing is chosen to be removed; add --leftovers")

    from hoi_platform.commands.terminal import console
    from hoi_platform.instance import project_instance
    from hoi_platform.retention.ages import Ages
    from hoi_platform.retention.clean_up import found

    ages = Ages(
        staging_days=staging_days,
        parts_days=parts_days,
        runs_days=runs_days,
        logs_days=logs_days,
        dry_run=dry_run,
    )
    instance = project_instance()
    clean_up = found(instance, results_dir.absolute(), ages)
    for leftover in clean_up.files:
        console.print(f"{leftover.path}: {leftover.why}", soft_wrap=True)
    if not dry_run:
        clean_up.remove(instance)
    word = "would be removed" if dry_run else "removed"
    console.print(
        f"{len(clean_up.files)} files and folders ({clean_up.megabytes} MB), "
        f"{len(clean_up.runs)} runs and the logs of {len(clean_up.logs)} more {word}"
    )
