"""``hoi stop``: ends runs that work or wait, of the page as well as of other terminals."""

from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands import completion
from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir

if TYPE_CHECKING:
    import dagster as dg

    from hoi_platform.services.platform import Platform


def stop(
    what: Annotated[
        str,
        typer.Argument(
            help="A run's id, its beginning, or a clip.", autocompletion=completion.clips
        ),
    ],
    results_dir: ResultsDir = DEFAULT_RESULTS,
) -> None:
    """Cancel a run, or every run of a clip that has not ended.

    One that waits is never begun; the process of one that works ends with its next heartbeat, after
    15 s at most. Finished stages are kept, nothing is repeated by itself, and a paid task that was
    sent goes on at its service.
    """
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.errors import BadInputError
    from hoi_platform.instance import project_instance
    from hoi_platform.resources.platform import PlatformResource

    platform = PlatformResource(results_dir=str(results_dir)).platform()
    with project_instance() as instance:
        found = [run for run in _unfinished(instance) if _is_meant(run, what, _key(platform, what))]
        if not found:
            raise BadInputError(
                f"no run that works or waits is, or begins with, {what!r}, or makes that clip; "
                "the page lists the runs"
            )
        for run in found:
            instance.report_run_canceled(run, "Canceled by `hoi stop`.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            console.print(f"run {run.run_id} is canceled", soft_wrap=True)


def _unfinished(instance: "dg.DagsterInstance") -> "list[dg.DagsterRun]":
    import dagster as dg

    ended = {
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    }
    others = [status for status in dg.DagsterRunStatus if status not in ended]
    return list(instance.get_runs(dg.RunsFilter(statuses=others)))


def _is_meant(run: "dg.DagsterRun", what: str, key: str | None) -> bool:
    from dagster._core.storage.tags import PARTITION_NAME_TAG

    return run.run_id.startswith(what) or (
        key is not None and run.tags.get(PARTITION_NAME_TAG) == key
    )


def _key(platform: "Platform", what: str) -> str | None:
    """The partition key of a clip's name; None for what is none."""
    from hoi_platform.partitions import cell_key
    from hoi_platform.services.clips import clips_named

    known = platform.catalogue.known_keys()
    keys = [
        str(cell_key(known[c.object_id], c.seed))
        for c in clips_named(platform, what)
        if c.object_id in known
    ]
    return keys[0] if keys else None
