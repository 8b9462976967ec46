"""Cleaning up: what there is to remove, and removing it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from hoi_platform.retention.ages import Ages
from hoi_platform.retention.old_runs import delete_logs, delete_run, ended_runs, old_runs
from hoi_platform.services.leftovers import Leftover, leftovers


@dataclass(frozen=True)
class CleanUp:
    """What can be removed from a results folder and an instance."""

    files: list[Leftover]
    runs: list[str]
    logs: list[str]
    """Runs that stay, and whose printed logs go."""

    @property
    def megabytes(self) -> float:
        """Size of the files (10^6 bytes)."""
        return round(sum(leftover.size for leftover in self.files) / 1e6, 1)

    def remove(self, instance: dg.DagsterInstance) -> None:
        """Remove all of it."""
        for leftover in self.files:
            leftover.remove()
        for run_id in self.runs:
            delete_run(instance, run_id)
        for run_id in self.logs:
            delete_logs(instance, run_id)


def found(instance: dg.DagsterInstance, results_dir: Path, ages: Ages) -> CleanUp:
    """What is too old by now."""
    now = datetime.now(UTC)
    runs = old_runs(instance, now - timedelta(days=ages.runs_days))
    logs = set(ended_runs(instance, now - timedelta(days=ages.logs_days))) - set(runs)
    files = leftovers(results_dir, ages.staging_days, ages.parts_days)
    return CleanUp(files, runs, sorted(logs))
