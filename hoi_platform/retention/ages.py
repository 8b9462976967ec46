"""How old something has to be before it is cleaned up."""

import dagster as dg
from pydantic import Field


class Ages(dg.Config):
    """Ages in days, and whether anything is removed at all."""

    staging_days: float = Field(2.0, gt=0)
    """Unfinished artifacts of processes that cannot be seen from here (days since the last change).
    Those of a process that has ended go at once, those of a living one never."""
    parts_days: float = Field(2.0, gt=0)
    """Temporary files of interrupted writes and downloads (days since the last change)."""
    runs_days: float = Field(30.0, ge=15)
    """Ended runs with nothing that the page shows as the last of its cell (days since the end). At
    least 15, because unfinished cells are completed by what runs of the last 14 days say."""
    logs_days: float = Field(30.0, gt=0)
    """What ended runs printed (days since the end)."""
    dry_run: bool = False
    """List what would be removed, and remove nothing."""
