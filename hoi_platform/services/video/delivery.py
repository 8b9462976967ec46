"""Bought videos are fetched at once, checked, and kept for good: the service deletes its copy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import BadInputError, TransientError
from hoi_platform.services.artifacts.files import move_whole, sync_tree
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import read_video
from hoi_platform.services.video.remote import VideoProvider

_MIN_SECONDS_SHARE: Final = 0.8
"""A video shorter than this share of what was ordered is truncated."""


@dataclass(frozen=True)
class Delivery:
    """Fetches finished videos into a folder that outlives every artifact."""

    folder: Path
    sleep: Callable[[float], None]
    attempts: int = 5
    wait_s: float = 5.0

    def fetch(self, provider: VideoProvider, external_task_id: str, request: VideoRequest) -> Path:
        """The checked file of a succeeded task. Raises TransientError when it stays broken.

        Addresses expire: each attempt asks the service for a new one.
        """
        target = self.folder / f"{external_task_id}.mp4"
        if target.exists():
            return target
        self.folder.mkdir(parents=True, exist_ok=True)
        reason = ""
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(self.wait_s * 2**attempt)
            scratch = self.folder / f".{external_task_id}.{attempt}.part"
            try:
                self._download(provider, external_task_id, scratch)
                _check(scratch, request)
            except (TransientError, BadInputError) as error:
                reason = str(error)
                scratch.unlink(missing_ok=True)
                continue
            sync_tree(scratch)
            move_whole(scratch, target)
            return target
        raise TransientError(
            f"{request.clip}: the finished video of task {external_task_id} could not be fetched "
            f"whole in {self.attempts} attempts ({reason}); it is paid and stays at the service "
            "for 30 days: materialize interaction_video again"
        )

    def _download(self, provider: VideoProvider, external_task_id: str, scratch: Path) -> None:
        task = provider.find(external_task_id)
        if task is None or task.video_url is None:
            raise TransientError("the service gives no address for it")
        provider.download(task.video_url, scratch)


def _check(path: Path, request: VideoRequest) -> None:
    """Raises BadInputError unless the file is a whole video of the ordered length."""
    video = read_video(path)
    seconds, ordered = len(video) / video.fps, float(request.config.duration)
    if seconds < _MIN_SECONDS_SHARE * ordered:
        raise BadInputError(f"{seconds:.1f} s of video were delivered, {ordered:.0f} s ordered")
