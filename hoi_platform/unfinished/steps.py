"""What comes next for a cell that lacks something: nothing, a run, more time, or a person."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import HoiError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.partitions import split_key
from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.artifacts.stages import Stages
from hoi_platform.services.platform import Platform
from hoi_platform.unfinished.asked import Asked
from hoi_platform.unfinished.ends import EndKind
from hoi_platform.unfinished.missing import Missing, missing
from hoi_platform.unfinished.purchases import TASK, Purchases
from hoi_platform.unfinished.retries import CURES, WAITS, due_at, tries
from hoi_platform.unfinished.tags import RESULTS, SETTINGS
from hoi_platform.unfinished.tags import WAITS as WAITS_TAG


class Next(StrEnum):
    """What is done about a cell."""

    NOTHING = "nothing"
    """All that was asked for is there, or it is none of this results folder's."""
    RUN = "run"
    WAIT = "wait"
    PERSON = "person"
    """It is not tried again by itself."""


@dataclass(frozen=True)
class Step:
    """What is next for one cell or object, and why."""

    asked: Asked
    next: Next
    reason: str = ""
    cure: str = ""
    missing: Missing = field(default_factory=Missing)
    due: datetime | None = None
    """When to look again; None where only a new run changes anything."""


_NOT_BOUGHT: Final = "its video has not been bought, and no run of the page asked for that"
_BUY: Final = "materialize video_task if it is to be bought"
_OTHER_SETTINGS: Final = "it was asked for by a command with other settings than the daemon's"
_AGAIN: Final = "run the same command again"


@dataclass
class Steps:
    """The rules, over one results folder at one moment."""

    platform: Platform
    stages: Stages
    purchases: Purchases
    now: datetime

    def of(self, asked: Asked) -> Step:
        """The next step for a cell or an object. Records are read only where it may be a run."""
        subject = self.subject(asked.key)
        if subject is None or not self._is_of_this_folder(asked):
            return Step(asked, Next.NOTHING)
        if not WAITS[asked.end.kind]:
            return _for_a_person(asked, asked.end.reason, CURES[asked.end.kind])
        first = asked.end.at + WAITS[asked.end.kind][0]
        if first > self.now:
            return Step(asked, Next.WAIT, asked.end.reason, due=first)
        try:
            lacking = self.missing(asked, subject)
        except HoiError as error:  # a mesh or a file of the configuration cannot be read
            return _for_a_person(asked, str(error), CURES[EndKind.PERMANENT])
        if not lacking.names:
            return Step(asked, Next.NOTHING)
        return self._blocked(asked, subject, lacking) or self._tried(asked, lacking)

    def missing(self, asked: Asked, subject: ObjectId | ClipId) -> Missing:
        """What of ``asked`` is not there by the records."""
        of_object = isinstance(subject, ObjectId)
        names = [name for name in asked.assets if name in self.stages.stages]
        mine = [n for n in names if not of_object or ARTIFACTS[n].scope == "object"]
        return missing(self.stages, subject, mine)

    def subject(self, key: str) -> ObjectId | ClipId | None:
        """The object or clip of a partition key; None for one that was removed."""
        object_key, seed = split_key(key)
        object_id = self._objects.get(object_key)
        if object_id is None or seed is None:
            return object_id
        return self.platform.clip(object_id, seed)

    @cached_property
    def _objects(self) -> dict[str, ObjectId]:
        return {key: object_id for object_id, key in self.platform.catalogue.keys().items()}

    def _is_of_this_folder(self, asked: Asked) -> bool:
        results = asked.end.tags.get(RESULTS)
        return results is None or results == str(self.platform.results_dir)

    def _blocked(self, asked: Asked, subject: ObjectId | ClipId, lacking: Missing) -> Step | None:
        """What stands against a run for a reason that no attempt changes."""
        object_id = subject.object_id if isinstance(subject, ClipId) else subject
        digest = asked.end.tags.get(SETTINGS)
        if digest is not None and digest != settings_digest(self.platform, object_id.task):
            return _for_a_person(asked, _OTHER_SETTINGS, _AGAIN)
        if lacking.stale:
            words = f"{', '.join(lacking.stale)} of it was made with other inputs or settings"
            return _for_a_person(
                asked, words, f"materialize {lacking.stale[0]} if it is to be redone"
            )
        if not isinstance(subject, ClipId):
            return None
        if self.purchases.waits_for(self.platform, subject, lacking.names):
            reason = "its paid video is under way; video_poll requests the clip when it is ready"
            return Step(asked, Next.WAIT, reason, missing=lacking)
        wanted = asked.end.from_page and TASK in asked.assets and asked.end.kind != EndKind.WAITING
        if not wanted and self.purchases.would_buy(self.platform, subject, lacking.names):
            return _for_a_person(asked, asked.end.tags.get(WAITS_TAG, _NOT_BOUGHT), _BUY)
        return None

    def _tried(self, asked: Asked, lacking: Missing) -> Step:
        due = due_at(asked.end, len(lacking.names))
        if due is None:
            reason = f"tried again {tries(asked.end)} times; the last: {asked.end.reason}"
            return Step(asked, Next.PERSON, reason, CURES[asked.end.kind], lacking)
        following = Next.RUN if due <= self.now else Next.WAIT
        return Step(asked, following, asked.end.reason, missing=lacking, due=due)


def settings_digest(platform: Platform, task: str) -> str:
    """The identity of a task's settings, flags of a command included."""
    return fingerprint_of(platform.settings(task).model_dump(mode="json"))


def summary(steps: Iterable[Step], most: int = 5) -> str:
    """What needs a person, in one line; ``most`` cells are named."""
    found = [step for step in steps if step.next is Next.PERSON]
    named = "; ".join(f"{step.asked.key}: {step.reason}" for step in found[:most])
    more = f"; and {len(found) - most} more" if len(found) > most else ""
    return f"{len(found)} not tried again: {named}{more}" if found else ""


def _for_a_person(asked: Asked, reason: str, cure: str) -> Step:
    return Step(asked, Next.PERSON, reason, cure)
