"""The whole plan of ``hoi migrate`` over one results folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hoi_platform.core.clip import ClipId, FirstTask, ObjectId, parse_clip_path, parse_object_path
from hoi_platform.core.config.gen_2dhoi import PROMPTLESS_VIDEO, VideoConfig
from hoi_platform.core.config.settings import merged
from hoi_platform.core.errors import BadInputError
from hoi_platform.services.artifacts.record import RECORD_VERSION, ArtifactRecord
from hoi_platform.services.artifacts.stages import Stage, Stages
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.migration.earlier import prompt_today
from hoi_platform.services.migration.records import (
    Done,
    RecordChange,
    apply_records,
    is_old,
    plan_records,
)
from hoi_platform.services.migration.rows import (
    RowsPlan,
    answered_questions,
    apply_rows,
    bought_videos,
    plan_rows,
)
from hoi_platform.services.platform import Platform
from hoi_platform.services.video.delivery import Delivery

_NO_ROWS = RowsPlan((), (), ())


@dataclass(frozen=True)
class Plan:
    """What ``--apply`` does."""

    rows: RowsPlan
    records: list[RecordChange]
    done: list[Done]
    """Everything that is done afterwards."""

    @property
    def is_empty(self) -> bool:
        return not (self.rows.carried or self.rows.shared or self.records)


def make_plan(
    platform: Platform,
    table: Mapping[str, Stage],
    order: Sequence[str],
    ledger: Ledger | None,
    delivery: Delivery,
) -> Plan:
    """Look at every record of the folder and every row that was bought for it."""
    store = platform.store
    subjects = recorded_subjects(platform)
    clips = [subject for subject in subjects if isinstance(subject, ClipId)]

    @cache
    def stages_of(subject: ObjectId | ClipId) -> Stages:
        return as_recorded(platform, subject).stages(dict(table))

    def prompt(clip: ClipId, text: str) -> str:
        return prompt_today(stages_of(clip).context(clip), text)

    rows = _NO_ROWS
    if ledger is not None:
        videos = bought_videos(ledger, store, delivery, clips)
        rows = plan_rows(ledger, videos, answered_questions(ledger, store, subjects, prompt))
    records, done = plan_records(store, stages_of, order, subjects)
    index = store.record("dataset_index", None)
    if index is not None and is_old(index):
        records.append(
            RecordChange(None, index.model_copy(update={"record_version": RECORD_VERSION}))
        )
    return Plan(rows, records, done)


def apply_plan(plan: Plan, store: ArtifactStore, ledger: Ledger | None) -> None:
    """The ledger first: an interruption may cost work, never money."""
    if ledger is not None:
        apply_rows(ledger, plan.rows)
    apply_records(store, plan.records)


def recorded_subjects(platform: Platform) -> list[ObjectId | ClipId]:
    """Every object and clip that has a record, whatever today's configuration asks for."""
    first_task = platform.catalogue.first_tasks()
    subjects: set[ObjectId | ClipId] = set()
    records = platform.store.root / "generation" / "records"
    for file in records.glob("*/**/*.json"):
        path = file.relative_to(records / file.relative_to(records).parts[0]).with_suffix("")
        try:
            subjects.add(_subject(path.as_posix(), first_task))
        except BadInputError:
            continue  # the index, or a file that is none of ours
    return sorted(subjects, key=str)


def _subject(path: str, first_task: FirstTask) -> ObjectId | ClipId:
    parse = parse_clip_path if path.count("/") > 1 else parse_object_path
    return parse(path, first_task)


def as_recorded(platform: Platform, subject: ObjectId | ClipId) -> Platform:
    """The platform with the flags that a clip's records show it was made with."""
    if isinstance(subject, ObjectId):
        return platform
    video: dict[str, Any] = {}
    ordered = platform.store.record("video_task", subject)
    if ordered is not None:
        video = _video_flags(ordered, platform.store.record("video_prompt", subject))
    flags = {"gen_2dhoi": {"character": subject.character, "video": video}}
    return replace(platform, overrides=merged(platform.overrides or {}, flags))


def _video_flags(ordered: ArtifactRecord, prompt: ArtifactRecord | None) -> dict[str, Any]:
    flags = {k: v for k, v in ordered.settings.items() if k in VideoConfig.model_fields}
    flags["model_api"] = ordered.backend_name
    if prompt is not None and ordered.backend_name not in PROMPTLESS_VIDEO:
        flags["skip_prompt_refinement"] = prompt.backend_name == "template"
    return flags
