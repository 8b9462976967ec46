"""Every cell that anything was made for: which of its stages are done, and what came of it.

Judged by records alone, in seconds for tens of thousands of cells: no artifact's files are opened,
so a corrupt one reads as done until its stage, or ``hoi status --verify``, looks at it. A stage
that failed leaves no record and reads as missing; why it failed is known to Dagster's runs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hoi_platform.core.clip import MAX_SEED, ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.services.artifacts.stages import Stage, Stages
from hoi_platform.services.artifacts.store import State
from hoi_platform.services.artifacts.summaries import ObjectRecords
from hoi_platform.services.platform import Platform

_CLIP_ASSETS: Final = tuple(name for name, kind in ARTIFACTS.items() if kind.scope == "clip")
_VIDEO: Final = "interaction_video"
_VERDICT: Final = "filtered_hoi"


@dataclass(frozen=True)
class Cell:
    """A clip with the state of every stage that it has, or needs, under today's settings."""

    clip: ClipId
    states: Mapping[str, State]
    """In the order of the flow, its object's stages first."""
    rejected_video: str = ""
    """Why its video is not the ordered one: nothing more is made until a person accepts it."""
    valid: bool | None = None
    """The filter's verdict on what was made last; None for a clip that has not been judged."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What a run has to make, or to put in place, for the cell to be complete.

        Nothing of a cell whose video was rejected.
        """
        if self.rejected_video:
            return ()
        return tuple(name for name, state in self.states.items() if state is not State.DONE)


@dataclass(frozen=True)
class Verdicts:
    """How the clips of one object were judged."""

    valid: int = 0
    rejected: int = 0
    """By the filter."""
    rejected_videos: int = 0
    """Not as ordered, hence not reconstructed."""
    unjudged: int = 0
    """Begun and not finished."""

    @property
    def judged(self) -> int:
        return self.valid + self.rejected + self.rejected_videos


def cells(platform: Platform, table: Mapping[str, Stage]) -> Iterator[Cell]:
    """Today's cells for which at least one stage has been made, by object and seed.

    ``table`` is all stages (``assets.stage.STAGES``). Stages that are made on demand, and that
    today's configuration does not demand, appear only where they are done.
    """
    stages = platform.stages(dict(table))
    order = [name for name in ARTIFACTS if name in table]
    for object_id, records in _made(platform):
        for clip in clips_of(platform, object_id, records):
            yield _cell(stages, order, clip, records)


def verdicts(platform: Platform) -> dict[ObjectId, Verdicts]:
    """The verdicts on today's clips of every object that has any, whether stale or not."""
    found = {}
    for object_id, records in _made(platform):
        words = Counter(_word(clip, records) for clip in clips_of(platform, object_id, records))
        if words:
            found[object_id] = Verdicts(**words)
    return found


def clips_of(
    platform: Platform,
    object_id: ObjectId,
    records: ObjectRecords,
    assets: tuple[str, ...] = _CLIP_ASSETS,
) -> list[ClipId]:
    """Today's clips of an object, by seed, that have a record of one of these assets."""
    first = platform.clip(object_id, 1)
    names = records.names(*assets)
    clips = (replace(first, seed=seed) for seed in range(1, MAX_SEED + 1))
    return [clip for clip in clips if clip.name in names]


def _made(platform: Platform) -> Iterator[tuple[ObjectId, ObjectRecords]]:
    """The catalogue's objects of which anything was made, with their records."""
    summaries = platform.store.summaries
    made = set(summaries.objects())
    for object_id in platform.catalogue.entries():
        if object_id.path in made:
            yield object_id, summaries.of_object(object_id.path)


def _cell(stages: Stages, order: list[str], clip: ClipId, records: ObjectRecords) -> Cell:
    demanded = {*stages.in_demand(order, clip)}
    states = {}
    for name in order:
        state = stages.recorded(name, upstream_subject(name, clip) or clip, records).state
        if name in demanded or state is State.DONE:
            states[name] = state
    verdict = records.of(_VERDICT, clip)
    return Cell(
        clip,
        states,
        rejected_video=rejected_video(clip, records),
        valid=None if verdict is None else bool(verdict.facts.get("valid")),
    )


def rejected_video(clip: ClipId, records: ObjectRecords) -> str:
    """Why the clip's video is not the ordered one; empty for a good one, or for none."""
    record = records.of(_VIDEO, clip)
    return "" if record is None else str(record.facts.get("rejected") or "")


def _word(clip: ClipId, records: ObjectRecords) -> str:
    """The field of ``Verdicts`` that counts a clip."""
    if rejected_video(clip, records):
        return "rejected_videos"
    verdict = records.of(_VERDICT, clip)
    if verdict is None:
        return "unjudged"
    return "valid" if verdict.facts.get("valid") else "rejected"
