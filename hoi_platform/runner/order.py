"""The order of a batch: paid tasks are submitted first, so that they run side by side."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS

Work = Sequence[tuple[ObjectId, Sequence[int]]]
"""Objects and the seeds of each."""

_SUBMITS: Final = "video_task"
_COLLECTS: Final = "interaction_video"


@dataclass(frozen=True)
class Part:
    """Assets of one partition that become one Dagster run."""

    subject: ObjectId | ClipId
    assets: tuple[str, ...]


def run_order(
    work: Work,
    assets: Sequence[str],
    clip_of: Callable[[ObjectId, int], ClipId],
    slots: Callable[[ObjectId], int],
) -> Iterator[Part]:
    """The parts of a batch.

    Clips are submitted until ``slots`` tasks of the account are open, and from then on the oldest
    is collected before the next is submitted; what follows a video waits for all of them.
    """
    of_object = _among(assets, lambda name: ARTIFACTS[name].scope == "object")
    of_clip = _among(assets, lambda name: ARTIFACTS[name].scope == "clip")
    submitting, collecting, following = _phases(of_clip)
    clips: list[ClipId] = []
    open_: deque[ClipId] = deque()
    for object_id, seeds in work:
        yield Part(object_id, of_object)
        for seed in seeds:
            if len(open_) >= slots(object_id):
                yield Part(open_.popleft(), collecting)
            clips.append(clip := clip_of(object_id, seed))
            open_.append(clip)
            yield Part(clip, submitting)
    yield from (Part(clip, collecting) for clip in open_)
    yield from (Part(clip, following) for clip in clips)


def _among(assets: Sequence[str], wanted: Callable[[str], bool]) -> tuple[str, ...]:
    """Those of ``assets`` that are wanted, in flow order."""
    return tuple(name for name in ARTIFACTS if name in assets and wanted(name))


def _phases(of_clip: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Up to the submitted task, the video, and what is made of it."""
    order = list(ARTIFACTS)
    submits, collects = order.index(_SUBMITS), order.index(_COLLECTS)
    return (
        _among(of_clip, lambda name: order.index(name) <= submits),
        _among(of_clip, lambda name: submits < order.index(name) <= collects),
        _among(of_clip, lambda name: order.index(name) > collects),
    )
