"""Cheap MP4s that begin with the ordered image."""

import functools
import io

import av
import numpy as np
from PIL import Image

from hoi_platform.services.fake_apis.files import MakeVideo


def still_video(width: int = 64, fps: int = 4) -> MakeVideo:
    """The ordered image, standing still, small; an order without an image gets noise."""

    @functools.lru_cache(maxsize=256)
    def encoded(image: bytes, seconds: float) -> bytes:
        frame = _frame(image, width)
        buffer = io.BytesIO()
        with av.open(buffer, "w", format="mp4") as out:
            stream = out.add_stream("libx264", rate=fps)
            stream.height, stream.width = frame.shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "10", "preset": "ultrafast"}
            for _ in range(round(seconds * fps)):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            out.mux(stream.encode())
        return buffer.getvalue()

    return lambda order: encoded(order.image, order.seconds)


def _frame(image: bytes, width: int) -> np.ndarray:
    if not image:
        return np.random.default_rng(0).integers(0, 255, (width, width, 3), np.uint8)
    with Image.open(io.BytesIO(image)) as opened:
        height = 2 * round(width * opened.height / opened.width / 2)
        small = opened.convert("RGB").resize((width, height), Image.Resampling.BOX)
    return np.asarray(small)
