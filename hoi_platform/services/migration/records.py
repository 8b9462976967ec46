"""Which records of earlier versions are of what today's settings would make."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import HoiError
from hoi_platform.core.formats.artifacts import ARTIFACTS, Subject, upstream_subject
from hoi_platform.services.artifacts.record import (
    RECORD_VERSION,
    ArtifactRecord,
    backend_name,
)
from hoi_platform.services.artifacts.stages import Stages
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.migration.earlier import as_recorded_then, backend_today

_LEFT = "left"
Done = tuple[ObjectId | ClipId, ArtifactRecord]
StagesOf = Callable[[ObjectId | ClipId], Stages]


@dataclass(frozen=True)
class RecordChange:
    """A record and its successor; ``left`` says why it does not count as done today."""

    subject: Subject
    record: ArtifactRecord
    left: str = ""


def is_old(record: ArtifactRecord) -> bool:
    """Of an earlier version, or one that an earlier migration could not carry over."""
    return record.record_version != RECORD_VERSION or _LEFT in (record.migrated_from or {})


def plan_records(
    store: ArtifactStore,
    stages_of: StagesOf,
    order: Sequence[str],
    subjects: Sequence[ObjectId | ClipId],
) -> tuple[list[RecordChange], list[Done]]:
    """The records to change, and all that will stand for something done. Nothing is changed.

    ``order`` is the flow's, so that what is above is judged first.
    """
    changes: list[RecordChange] = []
    done: list[Done] = []
    stale: set[tuple[str, Subject]] = set()
    for asset in order:
        for subject in _of_scope(asset, subjects):
            record = store.record(asset, subject)
            if record is None:
                stale.add((asset, subject))
                continue
            left = _why_left(store, stages_of(subject), record, subject, stale)
            if left:
                stale.add((asset, subject))
            change = _changed(record, subject, left, stages_of) if is_old(record) else None
            if change:
                changes.append(change)
            if not left:
                done.append((subject, change.record if change else record))
    return changes, done


def apply_records(store: ArtifactStore, changes: Sequence[RecordChange]) -> None:
    """Safe to repeat after an interruption."""
    for change in changes:
        store.rewrite_record(change.subject, change.record)


def _of_scope(asset: str, subjects: Sequence[ObjectId | ClipId]) -> Iterator[ObjectId | ClipId]:
    kind = ObjectId if ARTIFACTS[asset].scope == "object" else ClipId
    return (subject for subject in subjects if isinstance(subject, kind))


def _changed(
    record: ArtifactRecord, subject: ObjectId | ClipId, left: str, stages_of: StagesOf
) -> RecordChange:
    """A record that was done gets today's fingerprint, whatever the version of its code was."""
    before = record.migrated_from or {
        "record_version": record.record_version,
        "fingerprint": record.fingerprint,
        "code_version": record.code_version,
    }
    known = {key: value for key, value in before.items() if key != _LEFT}
    update: dict[str, Any] = {
        "record_version": RECORD_VERSION,
        "migrated_from": known | ({_LEFT: left} if left else {}),
    }
    if not left:
        update["fingerprint"] = stages_of(subject).fingerprint(record.asset, subject)
    return RecordChange(subject, record.model_copy(update=update), left)


def _why_left(
    store: ArtifactStore,
    stages: Stages,
    record: ArtifactRecord,
    subject: ObjectId | ClipId,
    stale: set[tuple[str, Subject]],
) -> str:
    """Why a record is not of what today's settings would make; empty when it is."""
    try:
        for above in stages.stages[record.asset].needed(stages.context(subject)):
            of = upstream_subject(above, subject)
            was_not_yet = above not in record.inputs and store.record(above, of) is None
            if (above, of) in stale and not was_not_yet:
                return f"{above} is not what is asked for today"
        if not is_old(record):
            return stages.status(record.asset, subject, verify=False).reason
        backend, settings = stages.asked_for(record.asset, subject)
        settings = as_recorded_then(record, settings, stages.context(subject))
    except HoiError as error:
        return str(error)
    if backend_name(backend) != backend_today(record):
        return f"it was made by {record.backend}, today's is {backend}"
    if differing := list(_differing(record.settings, json.loads(json.dumps(settings)))):
        return f"its settings differ: {'; '.join(differing[:3])}"
    return store.content_status(record, subject).reason


def _differing(old: Any, new: Any, name: str = "") -> Iterator[str]:
    """Settings that both versions have and that differ; a setting of only one of them proves
    nothing."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() & new.keys()):
            yield from _differing(old[key], new[key], f"{name}.{key}" if name else key)
    elif isinstance(old, dict) != isinstance(new, dict):
        return  # a name then, its content now
    elif old != new:
        yield f"{name} was {old!r:.60}, is {new!r:.60}"
