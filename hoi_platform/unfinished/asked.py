"""What was asked of each cell and object and is not there, by Dagster's own records of its runs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from hoi_platform.services.platform import Platform
from hoi_platform.unfinished.ends import End, EndedRuns, EndKind, end_of
from hoi_platform.unfinished.started import started
from hoi_platform.unfinished.tags import BATCH, PARTITION, STOPPED, TRY, WANTED

WINDOW: Final = timedelta(days=14)
"""What ended longer ago (days) is left alone; chosen: longer than a holiday, and well below the age
at which runs are cleaned up."""
_GIVEN_UP: Final = [BulkActionStatus.COMPLETED_FAILED, BulkActionStatus.FAILED]


@dataclass(frozen=True)
class Asked:
    """The assets that were asked of one cell or object, and that no run has made since."""

    key: str
    """Partition key of the cell or object."""
    assets: frozenset[str]
    end: End
    """How the last of the runs ended that did not make them."""


@dataclass(frozen=True)
class Survey:
    """What was asked for and is not there, and what is being made."""

    asked: list[Asked]
    """Those that stopped first come first; without cells in work."""
    in_work: frozenset[str]
    """The keys of cells and objects for which a run is queued or at work."""
    attempts: int
    """How many of the runs in work are attempts to complete a cell."""


def runs_in_work(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """All runs that are queued or at work."""
    return list(instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS_RUN_STATUSES)))


def keys_of(runs: Iterable[dg.DagsterRun]) -> frozenset[str]:
    """The cells and objects that runs are for."""
    return frozenset(run.tags[PARTITION] for run in runs if PARTITION in run.tags)


class Evidence:
    """Reads an instance again and again; what cannot change any more is read once."""

    def __init__(self, most_new: int | None = None) -> None:
        self._ended = EndedRuns(most_new)
        self._backfills: dict[str, dict[str, Asked]] = {}
        self._not_made: dict[str, dict[str, str]] = {}
        self._as_of: object = None

    def survey(
        self,
        instance: dg.DagsterInstance,
        platform: Platform,
        assets: Collection[str],
        now: datetime,
    ) -> Survey:
        """By runs, by backfills and by records; what ended before ``WINDOW`` is left out."""
        runs = runs_in_work(instance)
        in_work = keys_of(runs)
        found = self._by_runs(instance, assets, in_work)
        more = self._by_backfills(instance, now - WINDOW)
        found |= {k: asked for k, asked in more.items() if k not in found and k not in in_work}
        begun = started(platform, now - WINDOW)
        for key in begun.keys() - found.keys() - in_work:
            if asked := _by_last_run(instance, key, begun[key], assets):
                found[key] = asked
        recent = [asked for asked in found.values() if asked.end.at > now - WINDOW]
        return Survey(
            sorted(recent, key=lambda asked: (asked.end.at, asked.key)),
            in_work,
            sum(TRY in run.tags for run in runs),
        )

    def _by_runs(
        self, instance: dg.DagsterInstance, assets: Collection[str], in_work: Collection[str]
    ) -> dict[str, Asked]:
        """By partition key: what the last run that should have made an asset did not make.

        Without cells in work, and those that Dagster's own retry is about to run.
        """
        runs: dict[str, dict[str, str]] = defaultdict(dict)
        for name, by_key in self._plans(instance, assets).items():
            for key, run_id in by_key.items():
                if key not in in_work:
                    runs[key][name] = run_id
        ids = {run_id for by_asset in runs.values() for run_id in by_asset.values()}
        ends = self._ended.of(instance, ids)
        found = (_asked(key, by_asset, ends) for key, by_asset in runs.items())
        return {asked.key: asked for asked in found if asked is not None}

    def _plans(
        self, instance: dg.DagsterInstance, assets: Collection[str]
    ) -> dict[str, dict[str, str]]:
        """Asset → key → the last run that was to make it, and has not; read when a run changed.

        A materialization without a run's end comes while the run is at work, which is looked at.
        """
        newest = instance.get_run_records(limit=1, order_by="update_timestamp")
        as_of = [(r.dagster_run.run_id, r.dagster_run.status, r.update_timestamp) for r in newest]
        if as_of != self._as_of or not as_of:
            self._not_made = {name: _not_made(instance, name) for name in assets}
            self._as_of = as_of
        return self._not_made

    def _by_backfills(self, instance: dg.DagsterInstance, since: datetime) -> dict[str, Asked]:
        """By partition key: what ended backfills never requested because something above failed."""
        found: dict[str, Asked] = {}
        filters = BulkActionsFilter(statuses=_GIVEN_UP, created_after=since)
        for backfill in instance.get_backfills(filters=filters):
            if backfill.backfill_id not in self._backfills:
                self._backfills[backfill.backfill_id] = dict(_not_requested(backfill))
            for key, asked in self._backfills[backfill.backfill_id].items():
                assets = asked.assets | (found[key].assets if key in found else frozenset())
                found[key] = replace(asked, assets=assets)
        return found


def _not_made(instance: dg.DagsterInstance, asset: str) -> dict[str, str]:
    """Key → the last run that was to make an asset of it, and has not."""
    storage = instance.event_log_storage
    planned = storage.get_latest_asset_partition_materialization_attempts_without_materializations
    found = planned(dg.AssetKey(asset)).items()
    return {key: run_id for key, (run_id, _) in found if key is not None}


def _by_last_run(
    instance: dg.DagsterInstance, key: str, begun: datetime, assets: Collection[str]
) -> Asked | None:
    """What is asked of a cell that has records and no verdict, where no run failed to make it.

    Its whole chain where no run is known; the rest of a batch of the command line that died;
    otherwise nothing, because the stages that were asked for have been made.
    """
    records = instance.get_run_records(dg.RunsFilter(tags={PARTITION: key}), limit=1)
    if not records:
        name, reason = f"records-{begun:%Y%m%d%H%M%S}", "no run is known that says why it stopped"
        end = End(name, EndKind.NOT_REQUESTED, begun, reason, from_page=False)
        return Asked(key, frozenset(assets), end)
    batch = records[0].dagster_run.tags.get(BATCH)
    end_of_batch = _last_end(instance, batch) if batch else None
    if end_of_batch is None or STOPPED in end_of_batch.tags:
        return None
    reason = f"its batch on the command line ended with run {end_of_batch.run_id[:8]}"
    end = replace(end_of_batch, kind=EndKind.NOT_REQUESTED, reason=reason)
    return Asked(key, _wanted(end), end)


def _last_end(instance: dg.DagsterInstance, batch: str) -> End | None:
    """How the last run of a batch ended; None while one is at work."""
    records = instance.get_run_records(dg.RunsFilter(tags={BATCH: batch}), limit=1)
    return end_of(instance, records[0]) if records else None


def _asked(key: str, by_asset: dict[str, str], ends: dict[str, End]) -> Asked | None:
    if not all(run_id in ends for run_id in by_asset.values()):
        return None  # Dagster repeats it, or it is read later
    missed = {name for name, run_id in by_asset.items() if ends[run_id].kind is not EndKind.DONE}
    if not missed:
        return None
    last = max((ends[by_asset[name]] for name in missed), key=lambda end: end.at)
    return Asked(key, frozenset(missed) | _wanted(last), last)


def _wanted(end: End) -> frozenset[str]:
    """The stages of the batch that a run of the command line was a part of."""
    return frozenset(filter(None, end.tags.get(WANTED, "").split(",")))


def _not_requested(backfill: Any) -> Iterator[tuple[str, Asked]]:
    data = backfill.asset_backfill_data
    if data is None:  # it is one of a job, whose cells all had their runs
        return
    left = data.target_subset - data.materialized_subset
    wanted: dict[str, set[str]] = defaultdict(set)
    for asset_key in left.partitions_subsets_by_asset_key:
        for key in left.get_partitions_subset(asset_key).get_partition_keys():
            wanted[str(key)].add(asset_key.to_user_string())
    timestamp = backfill.backfill_end_timestamp or backfill.backfill_timestamp
    at = datetime.fromtimestamp(timestamp, UTC)
    reason = f"backfill {backfill.backfill_id} gave it up with something upstream of it"
    for key, assets in wanted.items():
        tags = {PARTITION: key, "dagster/backfill": backfill.backfill_id}
        end = End(backfill.backfill_id, EndKind.NOT_REQUESTED, at, reason, tags)
        yield key, Asked(key, frozenset(assets), end)
