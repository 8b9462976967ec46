"""Frames whose images are exact functions of the pixel, for closed forms and finite differences."""

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.tracking.frames import FrameEvidence

SHAPE = (120, 160)


def pixels(shape: tuple[int, int] = SHAPE) -> Array:
    """(H, W, 2) of the pixel centers."""
    rows, columns = np.indices(shape)
    return np.stack([columns, rows], axis=-1) + 0.5


def affine(slope: Array, offset: float, shape: tuple[int, int] = SHAPE) -> NDArray[np.float32]:
    """(H, W) with the value slope · (u, v) + offset."""
    return (pixels(shape) @ slope + offset).astype(np.float32)


def frame(**parts: Array) -> FrameEvidence:
    """A frame that is black and all object, but for the given fields."""
    h, w = SHAPE
    nothing = np.zeros(SHAPE, bool)
    fields: dict = {
        "image": np.zeros((h, w, 3), np.float32),
        "levels": (np.zeros((h, w, 3), np.float32),) * 2,
        "mask": np.ones(SHAPE, bool),
        "human": nothing,
        "hidden": nothing,
        "distance": np.zeros(SHAPE, np.float32),
        "slope": np.zeros((h, w, 2), np.float32),
        "plate": np.zeros((h, w, 3), np.float32),
    }
    return FrameEvidence(**(fields | parts))
