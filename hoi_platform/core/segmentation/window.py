"""Rectangles of an image: rows and columns that are worth looking at."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Window = tuple[slice, slice]  # rows and columns, with both ends given

EMPTY: Final[Window] = (slice(0, 0), slice(0, 0))


def bounding_window(mask: NDArray[np.bool_]) -> Window:
    """The smallest window that holds a mask (height, width)."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return EMPTY
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def union(a: Window, b: Window) -> Window:
    """The smallest window that holds both."""
    if is_empty(a) or is_empty(b):
        return b if is_empty(a) else a
    (ar, ac), (br, bc) = a, b
    return (
        slice(min(ar.start, br.start), max(ar.stop, br.stop)),
        slice(min(ac.start, bc.start), max(ac.stop, bc.stop)),
    )


def grown(window: Window, margin_px: int, shape: tuple[int, int]) -> Window:
    """The window with a margin, cut at the image (height, width)."""
    if is_empty(window):
        return EMPTY
    rows, columns = (
        slice(max(s.start - margin_px, 0), min(s.stop + margin_px, size))
        for s, size in zip(window, shape, strict=True)
    )
    return rows, columns


def is_empty(window: Window) -> bool:
    return any(s.stop <= s.start for s in window)


def whole(shape: tuple[int, int]) -> Window:
    return slice(0, shape[0]), slice(0, shape[1])


def placed(part: NDArray, window: Window, shape: tuple[int, ...], fill: float = 0) -> NDArray:
    """An image (..., height, width) that holds ``part`` (..., h, w) and ``fill`` around it."""
    image = np.full((*part.shape[:-2], *shape), fill, part.dtype)
    rows, columns = window
    image[..., rows, columns] = part
    return image
