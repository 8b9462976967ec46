"""The scene without its actors, as far as the clip of a static camera shows it."""

import warnings

import numpy as np
from numpy.typing import NDArray

_MOST_FRAMES = 24
_MARGIN_PX = 4


def static_background(frames: NDArray[np.uint8], actors: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median color (H, W, 3) in [0, 1] of the frames in which a pixel shows no actor, else nan.

    ``actors`` (T, H, W) are grown by a margin; the clip is thinned to at most 24 frames.
    """
    import cv2

    chosen = np.unique(np.linspace(0, len(frames) - 1, _MOST_FRAMES).round().astype(int))
    kernel = np.ones((2 * _MARGIN_PX + 1, 2 * _MARGIN_PX + 1), np.uint8)
    grown = np.stack([cv2.dilate(actors[t].astype(np.uint8), kernel) > 0 for t in chosen])
    result = frames[0].astype(np.float32) / 255.0
    result[grown[0]] = np.nan
    rows, columns = np.nonzero(grown.any(axis=0))
    samples = frames[chosen][:, rows, columns].astype(np.float32) / 255.0
    samples[grown[:, rows, columns]] = np.nan
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice")
        result[rows, columns] = np.nanmedian(samples, axis=0)
    return result
