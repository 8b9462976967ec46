"""Clips that are several purchases: segments in a row, and takes of which the stillest is kept.

Each purchase is a request of its own to the paid backend, with its own row in the ledger; so
whatever was bought before an interruption is not bought again after it.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import RefusedError
from hoi_platform.services.artifacts.record import file_digest, fingerprint_of
from hoi_platform.services.video.backend import (
    CollectedVideo,
    Progress,
    VideoRequest,
    VideoTask,
)
from hoi_platform.services.video.codec import join_videos, last_frame
from hoi_platform.services.video.paid import PaidVideoBackend

Drift = Callable[[Path], float]
"""How far the camera of a video moves; the less, the better it can be reconstructed."""

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

    video: Path
    facts: list[dict[str, Any]]
    """Of its segments."""


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

        Raises what ``PaidVideoBackend.submit`` raises.
        """
        for index in range(request.config.num_video_segments):
            self.backend.provider.validate(_segment(request, 0, index, request.frame))
        first, *_ = [
            self.backend.submit(_segment(request, take, 0, request.frame))
            for take in range(request.config.num_videos)
        ]
        return first

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Buy what is left, join the segments, write the take with the stillest camera.

        Raises what ``PaidVideoBackend.collect`` raises; RefusedError only if no take succeeds.
        """
        takes: list[Take] = []
        refusals: list[RefusedError] = []
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".takes") as scratch:
            for number in range(request.config.num_videos):
                folder = Path(scratch) / str(number)
                folder.mkdir()
                try:
                    takes.append(self._take(task, request, number, folder, progress))
                except RefusedError as error:
                    refusals.append(error)
            if not takes:
                raise refusals[0]
            drifts = [self.drift(take.video) for take in takes] if len(takes) > 1 else [0.0]
            best = drifts.index(min(drifts))
            takes[best].video.rename(target)
        facts = _facts(takes) | {"takes": len(takes), "kept_take": best, "camera_drift": drifts}
        return CollectedVideo(None, facts | {"refused_takes": [str(e) for e in refusals]})

    def _take(
        self, task: VideoTask, request: VideoRequest, number: int, folder: Path, progress: Progress
    ) -> Take:
        frame, parts = request.frame, []
        facts: list[dict[str, Any]] = []
        for index in range(request.config.num_video_segments):
            segment = _segment(request, number, index, frame)
            part, frame = folder / f"{index}.mp4", folder / f"{index}.png"
            facts.append(self.backend.collect(task, segment, part, progress).facts)
            _write_png(frame, part)
            parts.append(part)
        joined = folder / "take.mp4"
        join_videos(parts, joined)
        return Take(joined, facts)


def _segment(request: VideoRequest, take: int, index: int, frame: Path) -> VideoRequest:
    """One purchase; the first one without a tail image is the plain request itself."""
    config = request.config
    tail = config.use_all_tail_images or config.seg_idx_for_tail_image == index
    fingerprint = request.fingerprint
    if take or index or tail:
        fingerprint = fingerprint_of([fingerprint, take, index, tail, file_digest(frame)])
    return replace(
        request,
        fingerprint=fingerprint,
        frame=frame,
        tail_frame=request.frame if tail else None,
        config=config.model_copy(update=_ONE),
    )


def _write_png(path: Path, video: Path) -> None:
    from PIL import Image

    Image.fromarray(last_frame(video)).save(path)


def _facts(takes: Sequence[Take]) -> dict[str, Any]:
    """What the purchases of all takes have in common, cost together, and are called."""
    bought = [facts for take in takes for facts in take.facts]
    return {
        "provider": bought[0]["provider"],
        "model": bought[0]["model"],
        "task_id": ", ".join(facts["task_id"] for facts in bought),
        "ledger_rows": [facts["ledger_row"] for facts in bought],
        "cost_usd": sum(facts["cost_usd"] for facts in bought),
    }
