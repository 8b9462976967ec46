"""Encoding several videos at once, frame by frame."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hoi_platform.core.arrays import Image
from hoi_platform.services.video.codec import write_video

_BACKLOG: Final = 8
"""Frames that wait for the encoder; chosen to bound memory."""


class Encoder:
    """``write_video`` in a thread, fed by ``write``; leaving the context finishes the file.

    An encoder that failed raises its error at the next ``write`` or at the end. When the context
    is left by an exception the file is incomplete and has to be discarded by the caller.
    """

    def __init__(self, path: Path, fps: float, crf: int = 20) -> None:
        self._frames: queue.Queue[Image | None] = queue.Queue(_BACKLOG)
        self._error: BaseException | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, args=(path, fps, crf), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._frames.put(None)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error

    def write(self, frame: Image) -> None:
        """Add a frame (H, W, 3)."""
        if self._error is not None:
            raise self._error
        self._frames.put(frame)

    def _run(self, path: Path, fps: float, crf: int) -> None:
        try:
            write_video(path, self._drain(), fps, crf)
        except BaseException as error:  # noqa: BLE001  handed to the thread that writes
            self._error = error
            for _ in self._drain():
                pass

    def _drain(self) -> Iterator[Image]:
        while not self._ended:
            frame = self._frames.get()
            if frame is None:
                self._ended = True
            else:
                yield frame
