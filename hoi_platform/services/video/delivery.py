"""Bought videos are fetched at once, checked, and kept for good: the service deletes its copy."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from hoi_platform.core.errors import BadInputError, StageError, TransientError
from hoi_platform.core.filtering.video_sanity import first_frame_checks
from hoi_platform.services.artifacts.files import move_whole, sync_tree
from hoi_platform.services.artifacts.record import file_digest
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import probe_video, resize_video
from hoi_platform.services.video.remote import TaskRef, VideoProvider

_MIN_SECONDS_SHARE: Final = 0.8
"""A video shorter than this share of what was ordered is truncated."""
_MAX_ASPECT_ERROR: Final = 0.02


class UnusableVideoError(BadInputError):
    """A file arrived whole and is not the ordered video."""

    def __init__(self, message: str, digest: str) -> None:
        super().__init__(message)
        self.digest = digest


@dataclass(frozen=True)
class Delivery:
    """Fetches finished videos into a folder that outlives every artifact."""

    folder: Path
    sleep: Callable[[float], None]
    attempts: int = 5
    wait_s: float = 5.0

    def fetch(self, provider: VideoProvider, ref: TaskRef, request: VideoRequest) -> Path:
        """The checked file of a succeeded task.

        Addresses expire: each attempt asks the service for a new one. Raises TransientError when
        the file cannot be fetched whole, StageError when whole files keep failing the checks.
        """
        target = self.folder / f"{ref.external_task_id}.mp4"
        if target.exists():
            return target
        self.folder.mkdir(parents=True, exist_ok=True)
        failures: list[TransientError | UnusableVideoError] = []
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(self.wait_s * 2**attempt)
            try:
                return self._attempt(provider, ref, request, target)
            except (TransientError, UnusableVideoError) as failure:
                failures.append(failure)
        self._raise_if_unusable(failures)
        raise TransientError(
            f"{request.clip}: the finished video of task {ref.external_task_id} could not be "
            f"fetched whole in {self.attempts} attempts ({failures[-1]}); it is paid and stays at "
            "the service for 30 days: materialize interaction_video again"
        )

    @staticmethod
    def _raise_if_unusable(failures: Sequence[TransientError | UnusableVideoError]) -> None:
        """The service's own file is bad only if each attempt brought the same bad bytes."""
        digests = {getattr(failure, "digest", None) for failure in failures}
        if len(digests) == 1 and isinstance(failures[0], UnusableVideoError):
            raise StageError(f"the delivered video is unusable: {failures[0]}") from failures[0]

    def put(self, delivered: Path, request: VideoRequest, target: Path) -> None:
        """Write a delivered video to ``target``, in the size of its conditioning frame."""
        width, height = _size(request.frame)
        facts = probe_video(delivered)
        if (facts.width, facts.height) == (width, height):
            shutil.copyfile(delivered, target)
        else:
            resize_video(delivered, target, width, height)

    def _attempt(
        self, provider: VideoProvider, ref: TaskRef, request: VideoRequest, target: Path
    ) -> Path:
        scratch = self.folder / f".{ref.external_task_id}.{os.getpid()}.part"
        try:
            task = provider.find(ref)
            if task is None or task.video_url is None:
                raise TransientError("the service gives no address for it")
            provider.download(task.video_url, scratch)
            try:
                check_delivered(scratch, request)
            except BadInputError as error:
                raise UnusableVideoError(str(error), file_digest(scratch)) from error
            sync_tree(scratch)
            move_whole(scratch, target)
        finally:
            scratch.unlink(missing_ok=True)
        return target


def check_delivered(path: Path, request: VideoRequest) -> None:
    """Raises BadInputError unless the file is a whole video of the ordered length and scene."""
    try:
        facts = probe_video(path)
    except BadInputError as error:
        raise BadInputError(f"it cannot be decoded to its end ({error.__cause__})") from error
    seconds, ordered = facts.frames / facts.fps, float(request.config.duration)
    if seconds < _MIN_SECONDS_SHARE * ordered:
        raise BadInputError(f"{seconds:.1f} s of video were delivered, {ordered:.0f} s ordered")
    width, height = _size(request.frame)
    if abs(facts.width * height / (facts.height * width) - 1) > _MAX_ASPECT_ERROR:
        raise BadInputError(
            f"it is {facts.width}x{facts.height}, its conditioning frame {width}x{height}"
        )
    failed = [
        f"{check.name} {check.value:.3g} (at least {check.threshold:.3g} {check.unit})"
        for check in first_frame_checks(facts.first_frame, _rgb(request.frame))
        if not check.passed
    ]
    if failed:
        raise BadInputError("it does not begin with its conditioning frame: " + ", ".join(failed))


def _size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        return image.size


def _rgb(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
