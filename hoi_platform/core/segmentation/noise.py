"""Single-pixel outliers of renders with few samples, and their removal."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_OUTLIER: Final = 25.0
_RARE: Final = 0.002
"""Part of the pixels that may differ from their neighborhood's median by more than ``_OUTLIER``
gray values in a clean image: thin edges do. Fireflies of a path tracer are ten times as many."""


def has_outliers(frame: NDArray[np.uint8], flat: NDArray[np.bool_]) -> bool:
    """Are there outliers in the ``flat`` (height, width) part of a frame?"""
    if not flat.any():
        return False
    difference = np.abs(frame.astype(np.float32) - without_outliers(frame)).max(axis=-1)
    return bool((difference[flat] > _OUTLIER).mean() > _RARE)


def without_outliers(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median of each pixel and its eight neighbors."""
    import cv2

    return np.asarray(cv2.medianBlur(np.ascontiguousarray(frame), 3), np.uint8)
