"""Stores gray frames of 8 or 16 bits without loss (FFV1 in Matroska)."""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.errors import BadInputError

Gray = NDArray[np.uint8] | NDArray[np.uint16]

_FORMATS: Final = {"uint8": "gray", "uint16": "gray16le"}


class LosslessWriter:
    """Writes frames (H, W) of one size and type, one by one; the same frames give one file."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._rate = path, Fraction(fps).limit_denominator(1001)
        self._container: Any = None
        self._stream: Any = None

    def __enter__(self) -> Self:
        import av

        # Without the flag each file gets a random identifier of its own.
        options = {"fflags": "+bitexact"}
        self._container = av.open(
            os.fspath(self._path), "w", format="matroska", container_options=options
        )
        return self

    def write(self, frame: Gray) -> None:
        import av

        pixels = _FORMATS[frame.dtype.name]
        if self._stream is None:
            self._stream = self._container.add_stream("ffv1", rate=self._rate)
            self._stream.height, self._stream.width = frame.shape
            self._stream.pix_fmt = pixels
            self._stream.codec_context.flags |= av.codec.context.Flags.bitexact
        whole = cast(Gray, np.ascontiguousarray(frame))
        picture = av.VideoFrame.from_ndarray(whole, format=pixels)
        self._container.mux(self._stream.encode(picture))

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                if self._stream is None:
                    raise ValueError(f"no frame to write into {self._path}")
                self._container.mux(self._stream.encode())
        finally:
            self._container.close()


def read_lossless(path: Path) -> Iterator[NDArray]:
    """The frames (H, W), uint8 or uint16. Raises BadInputError for another kind of file."""
    import av

    try:
        with av.open(os.fspath(path)) as container:
            for image in container.decode(video=0):
                if image.format.name not in _FORMATS.values():
                    raise BadInputError(f"{path} holds {image.format.name}, not gray frames")
                yield image.to_ndarray()
    except (av.error.FFmpegError, IndexError) as error:
        raise BadInputError(f"{path} is not readable: {error}") from error
