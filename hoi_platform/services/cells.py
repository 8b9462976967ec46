"""Every cell that anything was made for: which of its stages are done, and what came of it.

Judged by records alone, in seconds for tens of thousands of cells: of an artifact's files only the
end of a verdict is read, so a corrupt one reads as done until its stage, or ``hoi status
--verify``, looks at it. A stage that failed leaves no record and reads as missing; why it failed is
known to Dagster's runs.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.services.artifacts.stages import Stage, Stages
from hoi_platform.services.artifacts.store import EARLIER_VERSION, State, Status
from hoi_platform.services.artifacts.summaries import ObjectRecords
from hoi_platform.services.clips import (
    VIDEO,
    VideoVariants,
    damages,
    recorded_rejection,
    video_variants,
)
from hoi_platform.services.platform import Platform

_CLIP_ASSETS: Final = tuple(name for name, kind in ARTIFACTS.items() if kind.scope == "clip")
_VERDICT: Final = "filtered_hoi"


@dataclass(frozen=True)
class Cell:
    """A clip with the state of every stage that it has, or needs, under today's settings."""

    clip: ClipId
    states: Mapping[str, State]
    """In the order of the flow, its object's stages first."""
    videos: VideoVariants
    """Which video it uses, and which others it has."""
    rejected_video: str = ""
    """Why its video is not the ordered one: nothing more is made until a person accepts it."""
    valid: bool | None = None
    """The filter's verdict on what was made last; None for a clip that has not been judged."""
    failed: tuple[str, ...] = ()
    """The names of the checks that it failed."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Corrupt stage → what is wrong with it, as far as that was looked at, and the cure."""
    of_earlier_version: bool = False
    """Whether `hoi migrate` has to carry it over first."""

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


def cells(
    platform: Platform, table: Mapping[str, Stage], *, verify: bool = False
) -> Iterator[Cell]:
    """Today's cells for which at least one stage has been made, by object and seed.

    ``table`` is all stages (``assets.stage.STAGES``). Stages that are made on demand, and that
    today's configuration does not demand, appear only where they are done. ``verify`` compares
    every file with its recorded hash, which takes as long as reading them.
    """
    stages = platform.stages(dict(table))
    for object_id, records in platform.made_objects():
        variants = platform.store.summaries.variants(VIDEO, object_id.path)
        for clip in platform.clips_among(records, object_id, *_CLIP_ASSETS):
            videos = VideoVariants.recorded(clip, records, variants)
            if verify:
                videos = video_variants(platform.store, clip, verify=True)
            yield _cell(stages, clip, records, videos, verify)


def verdicts(platform: Platform) -> dict[ObjectId, Verdicts]:
    """The verdicts on today's clips of every object that has any, whether stale or not."""
    found = {}
    for object_id, records in platform.made_objects():
        clips = platform.clips_among(records, object_id, *_CLIP_ASSETS)
        words = Counter(_word(clip, records) for clip in clips)
        if words:
            found[object_id] = Verdicts(**words)
    return found


def _cell(
    stages: Stages, clip: ClipId, records: ObjectRecords, videos: VideoVariants, verify: bool
) -> Cell:
    order = [name for name in ARTIFACTS if name in stages.stages]
    demanded = {*stages.in_demand(order, clip)}
    found = {}
    for name in order:
        subject = upstream_subject(name, clip) or clip
        status = stages.status(name, subject) if verify else None
        status = status or stages.recorded(name, subject, records)
        if name in demanded or status.done:
            found[name] = status
    damage = damages(stages.store, clip, records)
    for name, text in damage.items():
        state = found[name].state if name in found else State.SET_ASIDE
        if state is not State.SET_ASIDE:  # which a whole variant replaces
            found[name] = Status(State.CORRUPT, text)
    verdict = records.of(_VERDICT, clip)
    failed = verdict.facts.get("failed", "") if verdict else ""
    return Cell(
        clip,
        {name: status.state for name, status in found.items()},
        videos=videos,
        rejected_video=recorded_rejection(clip, records),
        valid=None if verdict is None else bool(verdict.facts.get("valid")),
        failed=tuple(filter(None, str(failed).split(", "))),
        problems={n: s.reason for n, s in found.items() if s.state is State.CORRUPT} | damage,
        of_earlier_version=any(s.reason == EARLIER_VERSION for s in found.values()),
    )


def _word(clip: ClipId, records: ObjectRecords) -> str:
    """The field of ``Verdicts`` that counts a clip."""
    if recorded_rejection(clip, records):
        return "rejected_videos"
    verdict = records.of(_VERDICT, clip)
    if verdict is None:
        return "unjudged"
    return "valid" if verdict.facts.get("valid") else "rejected"
