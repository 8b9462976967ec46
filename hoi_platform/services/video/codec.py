"""H.264 MP4 in and out (PyAV)."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.errors import BadInputError

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class Video:
    """Decoded frames (T, height, width, 3) RGB and their rate."""

    frames: Frame
    fps: float

    def __len__(self) -> int:
        return len(self.frames)


def read_video(path: Path, max_frames: int = 2000) -> Video:
    """Decode a whole video. Raises BadInputError when it is not one, is empty or too long."""
    import av

    try:
        with av.open(os.fspath(path)) as container:
            if not container.streams.video:
                raise BadInputError(f"{path} has no video stream")
            stream = container.streams.video[0]
            frames: list[Frame] = []
            for frame in container.decode(stream):
                if len(frames) == max_frames:
                    raise BadInputError(f"{path} has more than {max_frames} frames")
                frames.append(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
            rate = stream.average_rate or stream.base_rate
    except av.error.FFmpegError as error:
        raise BadInputError(f"{path} is not a readable video: {error}") from error
    if not frames or not rate:
        raise BadInputError(f"{path} has no decodable frame")
    return Video(np.stack(frames), float(rate))


def write_video(path: Path, frames: Iterable[Frame], fps: float, crf: int = 18) -> int:
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
