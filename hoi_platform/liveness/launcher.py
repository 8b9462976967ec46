"""Dagster's default launcher, which can tell whether the process of a run is alive.

Named in dagster.yaml. The daemon's run monitoring asks it; a dead run is failed with the reason,
its slots are freed, and it is run again as often as ``run_retries`` allows.
"""

from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus

from hoi_platform.liveness.dead_runs import death_of


class WatchedRunLauncher(DefaultRunLauncher):
    """Launches runs in the code server; health by heartbeats."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        death = death_of(self._instance, run)
        if death is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        # Its repetition may be waiting for them.
        self._instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        return CheckRunHealthResult(WorkerStatus.FAILED, death)
