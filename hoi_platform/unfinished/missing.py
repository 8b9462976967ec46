"""What a run has to make so that what was asked of a cell is there, by the records."""

from collections.abc import Collection
from dataclasses import dataclass

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.services.artifacts.stages import Stages
from hoi_platform.services.artifacts.store import State
from hoi_platform.services.clips import VIDEO, video_rejection


@dataclass(frozen=True)
class Missing:
    """The stages that a cell lacks, in the order of the flow."""

    of_object: tuple[str, ...] = ()
    """To be made first, once for all cells of the object."""
    of_clip: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    """Those that were made with other inputs or settings, and that nobody has asked to redo."""

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.of_object, *self.of_clip)


def missing(stages: Stages, subject: ObjectId | ClipId, asked: Collection[str]) -> Missing:
    """What of ``asked`` is not done under today's settings, and what it has to be made from.

    Files are not hashed. Nothing is missing below a video that was rejected.
    """
    rejected = bool(video_rejection(stages.store, subject))
    demanded = [n for n in stages.in_demand(asked, subject) if not (rejected and _below(stages, n))]
    lacking: set[str] = set()
    stale: set[str] = set()
    pending, seen = list(demanded), set(demanded)
    while pending:
        name = pending.pop()
        state = stages.status(name, upstream_subject(name, subject) or subject, verify=False).state
        if state is State.DONE:
            continue
        lacking.add(name)
        if state is State.STALE and name not in asked:
            stale.add(name)
        above = set(stages.stages[name].needed(stages.context(subject))) - seen
        seen |= above
        pending += above
    order = [name for name in ARTIFACTS if name in lacking]
    return Missing(
        of_object=tuple(name for name in order if ARTIFACTS[name].scope == "object"),
        of_clip=tuple(name for name in order if ARTIFACTS[name].scope == "clip"),
        stale=tuple(name for name in ARTIFACTS if name in stale),
    )


def _below(stages: Stages, name: str) -> bool:
    """Whether a stage is made from the video."""
    upstream = stages.stages[name].upstream
    return VIDEO in upstream or any(_below(stages, above) for above in upstream)
