"""The sensor ``refresh_index``: the data set's index follows the verdicts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from hoi_platform.services.secrets import leaves_clean
from hoi_platform.unfinished.asked import runs_in_work
from hoi_platform.unfinished.tags import PARTITION

_INDEX: Final = dg.AssetKey("dataset_index")
_SHOWN: Final = ("interaction_video", "filtered_hoi", "clip_accuracy", "visualization")
"""The assets that the index is about; of videos it shows which were rejected."""
QUIET: Final = timedelta(minutes=2)
"""Time (min) without a new result after which the index is made; chosen: in a batch at work there
is one more often."""
LONGEST: Final = timedelta(minutes=15)
"""Age (min) of an index at which it is made although results keep coming; chosen: at 20,000 clips
it takes a minute to make."""
_ENDED_BADLY: Final = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_RECENT: Final = 20
"""Number of failed runs among which one of a cell is looked for; chosen: others are rare."""


@dg.sensor(
    target=dg.AssetSelection.assets(_INDEX),
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
@leaves_clean
def refresh_index(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Make ``dataset_index``, and its standing check, anew after verdicts and failures.

    Once for many: when no result has come for a while, or when the index has become old.
    """
    return refreshed(context.instance, datetime.now(UTC))


def refreshed(instance: dg.DagsterInstance, now: datetime) -> dg.SensorResult | dg.SkipReason:
    """The run of one tick, or why there is none."""
    newest = max(_results(instance), default=None)
    if newest is None:
        return dg.SkipReason("there is no result yet")
    covered = _covered(instance)
    if covered is not None and newest <= covered:
        return dg.SkipReason("the index shows every result")
    if any(_INDEX in (run.asset_selection or ()) for run in runs_in_work(instance)):
        return dg.SkipReason("the index is being made")
    old = covered is None or now - covered >= LONGEST
    if now - newest < QUIET and not old:
        return dg.SkipReason("results are still coming")
    bucket = int(now.timestamp() // LONGEST.total_seconds())
    key = f"index:{newest.timestamp():.0f}:{bucket}"  # a failed one is tried again in the next
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, asset_selection=[_INDEX])])


def _results(instance: dg.DagsterInstance) -> Iterator[datetime]:
    """When the last ones of what the index and its check show came about."""
    for name in _SHOWN:
        event = instance.get_latest_materialization_event(dg.AssetKey(name))
        if event is not None:
            yield datetime.fromtimestamp(event.timestamp, UTC)
    failed = instance.get_run_records(dg.RunsFilter(statuses=_ENDED_BADLY), limit=_RECENT)
    ends = [r.end_time for r in failed if PARTITION in r.dagster_run.tags and r.end_time]
    yield from (datetime.fromtimestamp(end, UTC) for end in ends)


def _covered(instance: dg.DagsterInstance) -> datetime | None:
    """Up to when the index shows everything: the start of the run that made it."""
    event = instance.get_latest_materialization_event(_INDEX)
    if event is None:
        return None
    record = instance.get_run_record_by_id(event.run_id)
    started = record.start_time if record is not None else None
    return datetime.fromtimestamp(started or event.timestamp, UTC)
