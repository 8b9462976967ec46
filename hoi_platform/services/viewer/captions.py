"""Text on pictures, with the font that Pillow carries."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Image

_INK: Final = (235, 240, 247)
"""sRGB of text, 0 to 255; chosen."""
_PAPER: Final = (24, 29, 38)
"""sRGB behind text, 0 to 255; chosen."""


def titled(panels: Sequence[tuple[str, Image]], footer: str) -> Image:
    """Panels (H, W, 3) beside each other, each below its title, a line of text below all.

    Both sides of the result are even, as H.264 asks.
    """
    height, width = panels[0][1].shape[:2]
    bar = bar_height(height)
    canvas = np.empty((height + 2 * bar, width * len(panels), 3), np.uint8)
    canvas[:] = _PAPER
    for i, (_, panel) in enumerate(panels):
        canvas[bar : bar + height, i * width : (i + 1) * width] = panel
    strip = _texts(canvas.shape[1], bar, tuple((i * width, t) for i, (t, _) in enumerate(panels)))
    canvas[:bar] = strip
    canvas[bar + height :] = _texts(canvas.shape[1], bar, ((0, footer),))
    return canvas


def bar_height(image_height: int) -> int:
    """The height of a line of text below a picture, even."""
    return 2 * max(10, round(image_height * 0.036))


@cache
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _texts(width: int, height: int, texts: tuple[tuple[int, str], ...]) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    strip = Pillow.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(strip)
    size = round(height * 0.62)
    for left, text in texts:
        draw.text((left + height // 2, height / 2), text, _INK, _font(size), anchor="lm")
    return np.asarray(strip)
