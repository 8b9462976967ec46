"""How runs ended: lost, failed for good or for now, stopped by a person, or green and waiting."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import dagster as dg

from hoi_platform.core.errors import PermanentError, TransientError, UpstreamError
from hoi_platform.services.secrets import excerpt
from hoi_platform.unfinished.failures import Failure, failure_of
from hoi_platform.unfinished.tags import RESULTS, STOPPED, WAITS

_AT_ONCE: Final = 500
"""Number of runs that one query reads; chosen below the 999 variables of older SQLite."""

_ENDINGS: Final = {dg.DagsterEventType.ENGINE_EVENT, dg.DagsterEventType.RUN_FAILURE}
_SAYS_NOTHING: Final = "This run has been marked as failed from outside"


class EndKind(StrEnum):
    """How a run ended, as far as trying again is concerned."""

    DONE = "done"
    """Whatever it did not make needs no second attempt: it was rejected, or nothing demanded it."""
    LOST = "lost"
    """Its process died, or it never started."""
    TRANSIENT = "transient failure"
    UPSTREAM = "input missing"
    UNEXPECTED = "unexpected error"
    PERMANENT = "permanent failure"
    CANCELED = "canceled"
    """By a person, on the page or by a signal."""
    WAITING = "waiting"
    """Well, without an asset that waits for something outside."""
    NOT_REQUESTED = "not requested"
    """There was no run: the backfill gave the cell up with something upstream, or a command was
    ended between two runs."""


@dataclass(frozen=True)
class End:
    """The end of one run."""

    run_id: str
    kind: EndKind
    at: datetime
    reason: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    from_page: bool = True
    """Whether the daemon's own settings were used: not by a command, whose flags may differ."""


class EndedRuns:
    """The ends of an instance's runs; each is read once, because it does not change any more."""

    def __init__(self, most_new: int | None = None) -> None:
        self._known: dict[str, End] = {}
        self._most_new = most_new
        """How many are read at a time; the others at the next one."""

    def of(self, instance: dg.DagsterInstance, run_ids: Collection[str]) -> dict[str, End]:
        """By id; without runs at work, to be repeated by Dagster, deleted, or not read yet."""
        unknown = sorted(set(run_ids) - self._known.keys())[: self._most_new]
        for first in range(0, len(unknown), _AT_ONCE):
            wanted = dg.RunsFilter(run_ids=unknown[first : first + _AT_ONCE])
            for record in instance.get_run_records(wanted):
                end = end_of(instance, record)
                if end is not None:
                    self._known[end.run_id] = end
        return {run_id: self._known[run_id] for run_id in run_ids if run_id in self._known}


def end_of(instance: dg.DagsterInstance, record: Any) -> End | None:
    """How a run record's run ended; None while it, or its repetition by Dagster, is to come."""
    run: dg.DagsterRun = record.dagster_run
    if not run.is_finished or run.is_complete_and_waiting_to_retry:
        return None
    kind, reason = _ENDS[run.status](instance, run)
    return End(
        run.run_id,
        kind,
        _ended_at(record),
        excerpt(reason),
        dict(run.tags),
        from_page=RESULTS not in run.tags,
    )


def _ended_at(record: Any) -> datetime:
    if record.end_time is not None:
        return datetime.fromtimestamp(record.end_time, UTC)
    updated: datetime = record.update_timestamp
    return updated if updated.tzinfo else updated.replace(tzinfo=UTC)


def _succeeded(_instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[EndKind, str]:
    waits = run.tags.get(WAITS)
    return (EndKind.WAITING, waits) if waits else (EndKind.DONE, "")


def _canceled(_instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[EndKind, str]:
    return EndKind.CANCELED, f"run {run.run_id[:8]} was canceled"


def _failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[EndKind, str]:
    if stopped := run.tags.get(STOPPED):
        return EndKind.CANCELED, f"run {run.run_id[:8]} was stopped by {stopped}"
    found = list(_step_failures(instance, run.run_id))
    if not found:
        return EndKind.LOST, _last_words(instance, run.run_id)
    kinds = [(_kind_of(failure), f"{step}: {failure.text}") for step, failure in found]
    return min(kinds, key=lambda kind: _GRAVEST.index(kind[0]))


_ENDS: Final[dict[dg.DagsterRunStatus, Callable[..., tuple[EndKind, str]]]] = {
    dg.DagsterRunStatus.SUCCESS: _succeeded,
    dg.DagsterRunStatus.CANCELED: _canceled,
    dg.DagsterRunStatus.FAILURE: _failed,
}
_GRAVEST: Final = (
    EndKind.PERMANENT,
    EndKind.UNEXPECTED,
    EndKind.TRANSIENT,
    EndKind.UPSTREAM,
    EndKind.LOST,
)
"""Of several failed steps the first of these counts."""
_CLASSES: Final = (
    (UpstreamError, EndKind.UPSTREAM),
    (PermanentError, EndKind.PERMANENT),
    (TransientError, EndKind.TRANSIENT),
)


def _kind_of(failure: Failure) -> EndKind:
    if failure.interrupted:
        return EndKind.LOST
    for error, kind in _CLASSES:
        if failure.is_a(error):
            return kind
    return EndKind.UNEXPECTED


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, Failure]]:
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.get_dagster_event()
        data = event.step_failure_data
        described = data.user_failure_data.description if data.user_failure_data else None
        yield event.step_key or "", failure_of(data.error, described)


def _last_words(instance: dg.DagsterInstance, run_id: str) -> str:
    """What Dagster noted when it failed the run from outside.

    Its code server notes how the process ended, and then fails the run without a reason.
    """
    entries = instance.all_logs(run_id, of_type=_ENDINGS)
    messages = [entry.get_dagster_event().message or "" for entry in entries]
    telling = [message for message in messages if not message.startswith(_SAYS_NOTHING)]
    return telling[-1] if telling else f"run {run_id[:8]} ended without a word"
