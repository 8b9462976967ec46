"""H.264 MP4 in and out (PyAV)."""

import contextlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Image
from hoi_platform.core.errors import BadInputError

_LOST_FRAMES: Final = 2
"""Frames that an encoder may announce and no decoder shows; chosen."""

Frame = Image
"""(height, width, 3) RGB."""


@dataclass(frozen=True)
class Video:
    """Decoded frames (T, height, width, 3) RGB and their rate."""

    frames: Image
    fps: float

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class VideoFacts:
    """What a file was found to contain when it was decoded to its end."""

    frames: int
    fps: float
    width: int
    height: int
    first_frame: Image


def announced_frames(path: Path) -> int:
    """The number of frames that the container's header states; 0 where it states none."""
    import av

    try:
        with av.open(os.fspath(path)) as container:
            return max((stream.frames for stream in container.streams.video), default=0)
    except av.error.FFmpegError as error:
        raise BadInputError(f"{path} is not a readable video: {error}") from error


def probe_video(path: Path, max_frames: int = 2000) -> VideoFacts:
    """Decode a whole video, keeping one frame in memory.

    Raises BadInputError like read_video, and for a file that was cut before its announced end.
    """
    first, count, announced = None, 0, announced_frames(path)
    with _open_stream(path) as (rate, images):
        for count, image in enumerate(images, start=1):
            first = _rgb(image) if first is None else first
            if count > max_frames:
                raise BadInputError(f"{path} has more than {max_frames} frames")
    if first is None or not rate:
        raise BadInputError(f"{path} has no decodable frame")
    if count < announced - _LOST_FRAMES:
        raise BadInputError(f"{path} is cut: {count} of {announced} frames can be decoded")
    return VideoFacts(count, rate, first.shape[1], first.shape[0], first)


def resize_video(source: Path, target: Path, width: int, height: int) -> int:
    """Rewrite a video in another size (even sides), frame by frame; returns their number."""
    import cv2

    with _open_stream(source) as (rate, images):
        frames = (
            np.asarray(cv2.resize(_rgb(i), (width, height), interpolation=cv2.INTER_AREA), np.uint8)
            for i in images
        )
        return write_video(target, frames, rate)


def last_frame(path: Path) -> Image:
    """The last frame of a video (height, width, 3) RGB. Raises BadInputError like read_video."""
    with _open_stream(path) as (_, images):
        last = deque(images, maxlen=1)
    if not last:
        raise BadInputError(f"{path} has no decodable frame")
    return _rgb(last[0])


def join_videos(parts: Sequence[Path], target: Path) -> int:
    """Write videos of one size one after the other, at the first one's rate.

    Each but the first loses its first frame, which is the last of the one before. Returns the
    number of frames. Raises BadInputError like read_video.
    """
    rate = probe_video(parts[0]).fps
    return write_video(target, _joined(parts), rate)


def _joined(parts: Sequence[Path]) -> Iterator[Image]:
    for number, part in enumerate(parts):
        with _open_stream(part) as (_, images):
            for index, image in enumerate(images):
                if index or not number:
                    yield _rgb(image)


def read_video(path: Path, max_frames: int = 2000) -> Video:
    """Decode a whole video. Raises BadInputError when it is not one, is empty or too long."""
    frames: list[Image] = []
    with _open_stream(path) as (rate, images):
        for image in images:
            if len(frames) == max_frames:
                raise BadInputError(f"{path} has more than {max_frames} frames")
            frames.append(_rgb(image))
    if not frames or not rate:
        raise BadInputError(f"{path} has no decodable frame")
    return Video(np.stack(frames), rate)


@contextlib.contextmanager
def _open_stream(path: Path) -> Iterator[tuple[float, Iterator[Any]]]:
    """The first video stream, its rate and its frames. Raises BadInputError while it is read."""
    import av

    try:
        with av.open(os.fspath(path)) as container:
            if not container.streams.video:
                raise BadInputError(f"{path} has no video stream")
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.base_rate
            yield float(rate or 0), container.decode(stream)
    except av.error.FFmpegError as error:
        raise BadInputError(f"{path} is not a readable video: {error}") from error


def _rgb(frame: Any) -> Image:
    return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def write_video(path: Path, frames: Iterable[Image], fps: float, crf: int = 18) -> int:
    """Encode RGB frames (height, width, 3), even sides, as H.264; returns their number."""
    import av

    count = 0
    with av.open(os.fspath(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        stream = out.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "medium"}
        for count, image in enumerate(frames, start=1):
            if count == 1:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            out.mux(stream.encode(frame))
        if not count:
            raise ValueError(f"no frame to write into {path}")
        out.mux(stream.encode())
    return count
