"""Clips that are several purchases: segments in a row, and takes of which the stillest is kept.

Each purchase is a request of its own to the paid backend, with its own row in the ledger; so
whatever was bought before an interruption is not bought again after it.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hoi_platform.core.arrays import Progress
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import HoiError, RefusedError
from hoi_platform.core.filtering.check import Check
from hoi_platform.services.video.backend import CollectedVideo, VideoRequest, VideoTask
from hoi_platform.services.video.codec import join_videos, last_frame
from hoi_platform.services.video.identity import request_identity
from hoi_platform.services.video.paid import PaidVideoBackend

Drift = Callable[[Path], float]
"""How far the camera of a video moves; less is better for the reconstruction."""

_ONE: dict[str, Any] = {
    "num_videos": 1,
    "num_video_segments": 1,
    "seg_idx_for_tail_image": -1,
    "use_all_tail_images": False,
}


def is_montage(config: VideoConfig) -> bool:
    """Whether a clip is more than one plain purchase."""
    return config.model_dump(include=set(_ONE)) != _ONE


@dataclass(frozen=True)
class Take:
    """One finished candidate for a clip."""

    number: int
    video: Path
    facts: list[dict[str, Any]]
    """Of its segments."""
    rejected: str = ""
    """Why one of its segments, which ``video`` then is, was not the ordered one."""
    failed: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Montage:
    """``num_videos`` takes of ``num_video_segments`` segments each.

    A segment begins with the last frame of the one before. The segment ``seg_idx_for_tail_image``
    (or each, with ``use_all_tail_images``) has the conditioning frame as its tail image: it ends
    as the clip began, the object back in its place.
    """

    backend: PaidVideoBackend
    drift: Drift

    @property
    def name(self) -> str:
        return self.backend.name

    def submit(self, request: VideoRequest) -> VideoTask:
        """Buy the first segment of each take; all segments are checked before.

        A refused take leaves the others. Raises what ``PaidVideoBackend.submit`` raises,
        RefusedError only if every take is refused.
        """
        for index in range(request.config.num_video_segments):
            self.backend.provider.validate(segment_of(request, 0, index, request.frame))
        tasks: list[VideoTask] = []
        refusals: list[RefusedError] = []
        for take in range(request.config.num_videos):
            try:
                tasks.append(self.backend.submit(segment_of(request, take, 0, request.frame)))
            except RefusedError as error:
                refusals.append(error)
        if not tasks:
            raise _all_refused(refusals)
        return tasks[0]

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Buy what is left, join the segments, write the take with the stillest camera.

        Every take is tried before anything is raised, so that what is paid is fetched. A rejected
        take is written only when there is no other. Raises what ``PaidVideoBackend.collect``
        raises; RefusedError only if every take is refused.
        """
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".takes") as scratch:
            tried = self._tried(task, request, Path(scratch), progress)
            takes = [take for take in tried.takes if not take.rejected] or tried.takes[:1]
            if not takes:
                raise _all_refused(tried.refusals)
            drifts = [self.drift(take.video) for take in takes] if len(takes) > 1 else [0.0]
            best = drifts.index(min(drifts))
            takes[best].video.rename(target)
        facts = _facts(tried.takes) | {
            "takes": len(takes),
            "kept_take": takes[best].number,
            "camera_drift": drifts,
            "refused_takes": [str(error) for error in tried.refusals],
            "rejected_takes": [take.rejected for take in tried.takes if take.rejected],
        }
        if takes[best].rejected:
            facts["rejected"] = takes[best].rejected
        return CollectedVideo(None, facts, takes[best].failed)

    def _tried(
        self, task: VideoTask, request: VideoRequest, scratch: Path, progress: Progress
    ) -> "_Tried":
        """Every take, as far as it goes. Raises the first error that is not a refusal, at the
        end."""
        tried, others = _Tried(), list[HoiError]()
        for number in range(request.config.num_videos):
            folder = scratch / str(number)
            folder.mkdir()
            try:
                tried.takes.append(self._take(task, request, number, folder, progress))
            except RefusedError as error:
                tried.refusals.append(error)
            except HoiError as error:
                others.append(error)
        if others:
            raise others[0]
        return tried

    def _take(
        self, task: VideoTask, request: VideoRequest, number: int, folder: Path, progress: Progress
    ) -> Take:
        frame, parts = request.frame, list[Path]()
        facts: list[dict[str, Any]] = []
        for index in range(request.config.num_video_segments):
            segment = segment_of(request, number, index, frame)
            part, frame = folder / f"{index}.mp4", folder / f"{index}.png"
            collected = self.backend.collect(task, segment, part, progress)
            facts.append(collected.facts)
            if collected.rejected:  # nothing is bought on top of it
                return Take(number, part, facts, collected.rejected, collected.failed)
            write_last_frame(frame, part)
            parts.append(part)
        joined = folder / "take.mp4"
        join_videos(parts, joined)
        return Take(number, joined, facts)


@dataclass
class _Tried:
    """The outcome of the takes."""

    takes: list[Take] = field(default_factory=list)
    refusals: list[RefusedError] = field(default_factory=list)


def segment_of(request: VideoRequest, take: int, index: int, frame: Path) -> VideoRequest:
    """One purchase; the first one without a tail image is the plain request itself."""
    tail = request.order.tails[index]
    segment = replace(
        request,
        frame=frame,
        tail_frame=request.frame if tail else None,
        config=request.config.model_copy(update=_ONE),
        part_of=request.order,
    )
    if not (take or index or tail):
        return segment
    return replace(segment, fingerprint=request_identity(segment, take, index))


def _all_refused(refusals: Sequence[RefusedError]) -> RefusedError:
    return RefusedError("; ".join(dict.fromkeys(str(error) for error in refusals)))


def write_last_frame(path: Path, video: Path) -> None:
    """Write a video's last frame as a PNG, with which the next segment begins."""
    from PIL import Image

    Image.fromarray(last_frame(video)).save(path)


def _facts(takes: Sequence[Take]) -> dict[str, Any]:
    """The task of all takes: what they have in common, their names and their total cost."""
    bought = [facts for take in takes for facts in take.facts]
    return {
        "provider": bought[0]["provider"],
        "model": bought[0]["model"],
        "task_id": ", ".join(facts["task_id"] for facts in bought),
        "ledger_rows": [facts["ledger_row"] for facts in bought],
        "cost_usd": sum(facts["cost_usd"] for facts in bought),
    }
