"""Runs whose process died: found by their heartbeats, failed, their slots freed."""

from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from hoi_platform.liveness.heartbeats import Heartbeats

_WITHOUT_BEATS: Final = timedelta(minutes=10)
"""After which a started run that never beat counts as dead; chosen: far beyond any start, since
only the clocks of two machines tell how old it is."""


def death_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """Why a started run counts as dead; None as long as it may be alive."""
    beat = Heartbeats(instance).of(run.run_id)
    if beat is not None:
        return beat.death()
    record = instance.get_run_record_by_id(run.run_id)
    if record is None or record.start_time is None:
        return None
    age = datetime.now(UTC) - datetime.fromtimestamp(record.start_time, UTC)
    if age < _WITHOUT_BEATS:
        return None
    return f"no heartbeat since its start {age.total_seconds():.0f} s ago"


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Fail every started run whose process is dead; their ids and why.

    The daemon does the same all the time; this is for its start, and where none runs.
    """
    failed = []
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        death = death_of(instance, run)
        # Asked again: it may have ended well, and its process with it, since the runs were listed.
        if death and _is_started(instance, run.run_id):
            instance.report_run_failed(run, f"The run's process died: {death}")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            failed.append(f"{run.run_id}: {death}")
    Heartbeats(instance).forget_old()
    return failed


def _is_started(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    return run is not None and run.status == dg.DagsterRunStatus.STARTED
