"""Old runs of Dagster that the page can do without."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

_AT_ONCE: Final = 500
"""Number of rows of one query; chosen below the 999 variables of older SQLite."""
_ENDED: Final = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def ended_runs(instance: dg.DagsterInstance, before: datetime) -> list[str]:
    """The ids of all runs that ended before a moment."""
    filters = dg.RunsFilter(statuses=_ENDED, updated_before=before)
    return [record.dagster_run.run_id for record in instance.get_run_records(filters)]


def old_runs(instance: dg.DagsterInstance, before: datetime) -> list[str]:
    """Those of them that no cell of the page shows as its last one.

    To delete such a run would make a finished cell look as if it had never been made.
    """
    shown = set(_shown(instance))
    return [run_id for run_id in ended_runs(instance, before) if run_id not in shown]


def delete_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run with its events, and the file that SQLite keeps them in."""
    delete_logs(instance, run_id)
    instance.delete_run(run_id)
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        for file in Path(storage.path_for_shard(run_id)).parent.glob(f"{run_id}.db*"):
            file.unlink(missing_ok=True)


def delete_logs(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete what a run printed."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])


def _shown(instance: dg.DagsterInstance) -> Iterator[str]:
    """The runs that made the last materialization of an asset's partition, or of an asset."""
    storage = instance.event_log_storage
    for key in instance.get_asset_keys():
        kind = dg.DagsterEventType.ASSET_MATERIALIZATION
        ids = sorted(storage.get_latest_storage_id_by_partition(key, kind).values())
        for first in range(0, len(ids), _AT_ONCE):
            some: Any = ids[first : first + _AT_ONCE]
            wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=some)
            for record in instance.fetch_materializations(wanted, limit=_AT_ONCE).records:
                yield record.run_id
        last = instance.get_latest_materialization_event(key)
        if last is not None:
            yield last.run_id
