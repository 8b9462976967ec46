"""Small pictures for pages that must stay small: contact sheets as JPEG or data URI."""

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

_GAP_PX: Final = 4
"""Between pictures; chosen."""
_WIDTHS_PX: Final = (960, 800, 640, 520, 420, 320, 240, 160)
"""Widths that are tried until a sheet is small enough; chosen."""
_QUALITIES: Final = (82, 70, 58, 45, 32)
"""JPEG qualities that are tried at each width; chosen."""


def contact_sheet(
    frames: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], n: int, max_bytes: int
) -> bytes:
    """``n`` frames (H, W, 3), evenly spread over all, beside each other as one JPEG.

    It is made as large and as good as ``max_bytes`` allows. Raises ValueError without frames or
    when even the smallest sheet is too large.
    """
    from PIL import Image

    if len(frames) == 0 or n < 1:
        raise ValueError(f"no contact sheet of {n} of {len(frames)} frames")
    chosen = np.unique(np.linspace(0, len(frames) - 1, n).round().astype(int))
    images = [Image.fromarray(np.ascontiguousarray(frames[i])) for i in chosen]
    size = 0
    for width in _WIDTHS_PX:
        sheet = _sheet(images, width)
        for quality in _QUALITIES:
            data = _jpeg(sheet, quality)
            size = len(data)
            if size <= max_bytes:
                return data
    raise ValueError(f"the smallest contact sheet has {size} bytes; {max_bytes} are allowed")


def data_uri_markdown(jpeg: bytes, alt: str = "preview") -> str:
    """Markdown that shows a JPEG without any file beside it."""
    return f"![{alt}](data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})"


def _sheet(images: Sequence["Image.Image"], width_px: int) -> "Image.Image":
    from PIL import Image

    columns = len(images) if len(images) <= 4 else (len(images) + 1) // 2
    rows = -(-len(images) // columns)
    cell = (width_px - _GAP_PX * (columns - 1)) // columns
    height = max(1, round(cell * images[0].height / images[0].width))
    sheet = Image.new("RGB", (width_px, rows * height + _GAP_PX * (rows - 1)), "white")
    for i, image in enumerate(images):
        place = (i % columns * (cell + _GAP_PX), i // columns * (height + _GAP_PX))
        sheet.paste(image.resize((cell, height), Image.Resampling.LANCZOS), place)
    return sheet


def _jpeg(image: "Image.Image", quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
    return stream.getvalue()
