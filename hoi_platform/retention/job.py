"""The job ``clean_up`` and its weekly schedule."""

from typing import Final

import dagster as dg

from hoi_platform.resources.platform import PlatformResource
from hoi_platform.retention.ages import Ages
from hoi_platform.retention.clean_up import found
from hoi_platform.services.secrets import leaves_clean

_LISTED: Final = 100
"""Number of files that the page lists; chosen: it keeps them with the run."""


@dg.op
@leaves_clean
def remove_what_is_old(
    context: dg.OpExecutionContext, config: Ages, platform: PlatformResource
) -> None:
    """Remove old runs and logs, and what killed processes left in the results folder."""
    clean_up = found(context.instance, platform.platform().results_dir, config)
    files = [f"{leftover.path} ({leftover.why})" for leftover in clean_up.files]
    context.add_output_metadata(
        {
            "dry_run": config.dry_run,
            "runs": len(clean_up.runs),
            "logs": len(clean_up.logs),
            "files": len(files),
            "megabytes": clean_up.megabytes,
            "listed": dg.MetadataValue.md("\n".join(f"- {file}" for file in files[:_LISTED])),
        }
    )
    if not config.dry_run:
        clean_up.remove(context.instance)


@dg.job
def clean_up() -> None:
    """Remove old runs and logs, and what killed processes left; launch it with dry_run to look.

    Finished artifacts, bought videos and the ledger are never touched.
    """
    remove_what_is_old()


CLEAN_UP_WEEKLY: Final = dg.ScheduleDefinition(
    name="clean_up_weekly",
    job=clean_up,
    cron_schedule="0 5 * * 0",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Sundays at 5 o'clock UTC, when a nightly batch has ended.",
)
