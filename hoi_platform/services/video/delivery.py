"""Fetches bought videos at once and keeps them for good: the service deletes its copy.

Two kinds of failure are kept apart. What arrives may not be a video (an error page, a cut stream):
that is the service's failure, and the file is fetched again for as long as the service has it. A
video that arrived whole may not be the ordered one: that is our own judgment, and the video is
kept.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.errors import BadInputError, TransientError
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.video_sanity import first_frame_checks
from hoi_platform.services.artifacts.files import move_whole, sync_tree
from hoi_platform.services.artifacts.record import file_digest
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.retry import RetryPolicy
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import probe_video, resize_video
from hoi_platform.services.video.identity import image_size
from hoi_platform.services.video.remote import TaskRef, VideoProvider
from hoi_platform.services.video.retry import FETCH

_MIN_SECONDS_SHARE: Final = 0.8
"""A video shorter than this share of the order is too short; chosen."""
_MAX_ASPECT_ERROR: Final = 0.02
"""Largest relative error of the aspect ratio; chosen: services round sizes to multiples of 16
px."""

Passes = Callable[[Path], bool]
"""Whether a whole video is the ordered one."""


def _anything(_path: Path) -> bool:
    return True


@dataclass(frozen=True)
class Delivery:
    """Fetches finished videos into a folder that outlives every artifact."""

    folder: Path
    sleep: Callable[[float], None]
    visit: RetryPolicy = FETCH

    def located(self, row: RequestRow) -> Path | None:
        """Where a row's file lies; None when it has to be fetched (again)."""
        places = [self._place(row.external_task_id)]
        if row.result is not None:
            places.append(Path(row.result))
        return next((place for place in places if place.is_file()), None)

    def fetch(
        self, provider: VideoProvider, ref: TaskRef, subject: str, passes: Passes = _anything
    ) -> Path:
        """The file of a succeeded task: a whole video.

        One that fails the checks is returned only if every attempt delivers the same file: file
        servers mix files up. Addresses expire: each attempt requests a new one. Raises
        TransientError when the attempts deliver no whole video, or different ones; the last of
        those is kept aside.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self._place(ref.external_task_id)
        scratch = self.folder / f".{ref.external_task_id}.{os.getpid()}.part"
        digests: list[str] = []

        def attempt() -> bool:
            _download(provider, ref, scratch)
            digests.append(file_digest(scratch))
            agreed = len(digests) == self.visit.attempts and len(set(digests)) == 1
            kept = agreed or passes(scratch)
            _keep(scratch, target if kept else target.with_suffix(".doubtful.mp4"))
            if not kept:
                raise TransientError("each attempt delivered a different file")
            return kept

        try:
            self.visit.retry(TransientError, attempt, self.sleep)
        except TransientError as error:
            raise _unfetched(provider, ref, subject, self.visit.attempts, error) from error
        except OSError as error:
            failure = f"the video cannot be written: {error}"
            raise _unfetched(provider, ref, subject, self.visit.attempts, failure) from error
        finally:
            scratch.unlink(missing_ok=True)
        return target

    def put(self, delivered: Path, request: VideoRequest, target: Path) -> None:
        """Write a delivered video to ``target``, in the size of its conditioning frame."""
        width, height = image_size(request.frame)
        facts = probe_video(delivered)
        if (facts.width, facts.height) == (width, height):
            shutil.copyfile(delivered, target)
        else:
            resize_video(delivered, target, width, height)

    def _place(self, external_task_id: str) -> Path:
        return self.folder / f"{external_task_id}.mp4"


def _download(provider: VideoProvider, ref: TaskRef, target: Path) -> None:
    """Raises TransientError unless a whole video arrives."""
    task = provider.find(ref)
    if task is None or task.video_url is None:
        raise TransientError("the service gives no address for it")
    provider.download(task.video_url, target)
    _require_whole(target)


def _keep(scratch: Path, target: Path) -> None:
    sync_tree(scratch)
    move_whole(scratch, target)


def _unfetched(
    provider: VideoProvider, ref: TaskRef, subject: str, attempts: int, failure: object
) -> TransientError:
    return TransientError(
        f"{subject}: the finished video of task {ref.external_task_id} could not be fetched "
        f"whole in {attempts} attempts; {provider.name} keeps it for "
        f"{_in_words(provider.keeps_videos_for)}, and until then it is fetched again ({failure})"
    )


def _in_words(span: timedelta) -> str:
    hours = round(span.total_seconds() / 3600)
    count, unit = (hours // 24, "day") if hours >= 48 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _require_whole(path: Path) -> None:
    """Raises TransientError unless the file is a video that can be decoded to its end."""
    try:
        probe_video(path)
    except BadInputError as error:
        why = str(error.__cause__ or error).replace(str(path), "it")
        raise TransientError(f"what arrived is not a whole video: {why}") from error


def delivery_checks(
    path: Path, ordered: Mapping[str, Any], frame: NDArray[np.uint8]
) -> list[Check]:
    """Whether a whole video is the ordered one: as long, of the frame's shape, beginning with the
    frame.

    ``ordered`` is what ``identity.ordered`` gives; ``frame`` (height, width, 3) RGB.
    """
    facts = probe_video(path)
    seconds, wanted = facts.frames / facts.fps, float(ordered["duration"])
    height, width = frame.shape[:2]
    aspect_error = abs(facts.width * height / (facts.height * width) - 1)
    return [
        Check.at_least("video_seconds", seconds, _MIN_SECONDS_SHARE * wanted, "s"),
        Check.at_most("video_aspect_error", aspect_error, _MAX_ASPECT_ERROR, "fraction"),
        *first_frame_checks(facts.first_frame, frame),
    ]


def failed_checks(path: Path, request: VideoRequest) -> tuple[Check, ...]:
    """The checks that a delivered video failed; empty for the ordered one."""
    ordered = {"duration": request.config.duration}
    checks = delivery_checks(path, ordered, read_rgb(request.frame))
    return tuple(check for check in checks if not check.passed)


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """An image as (height, width, 3) RGB."""
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
