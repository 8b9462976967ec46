"""From log densities and priors of background, person and object to clean, disjoint masks."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.config import SegmentationConfig

Mask = NDArray[np.bool_]

BACKGROUND: Final = 0
HUMAN: Final = 1
OBJECT: Final = 2
"""Layers of scores and labels (3, h, w)."""

_WEAKEST: Final = -12.0
"""Log score below the best at which one pixel's veto ends."""


def posteriors(
    scores: NDArray[np.float32], guide: NDArray[np.uint8], config: SegmentationConfig
) -> NDArray[np.float32]:
    """(3, h, w) probabilities from (3, h, w) log scores, smoothed along the guide's edges.

    Cost-volume filtering (Hosni et al., 2013) with the guided filter (He et al., 2010).
    """
    import cv2

    bounded = np.clip(scores - scores.max(axis=0), _WEAKEST, 0.0)
    layers = np.ascontiguousarray(np.moveaxis(bounded, 0, -1))
    radius, epsilon = config.smoothing_radius_px, config.smoothing_epsilon
    smooth = np.moveaxis(cv2.ximgproc.guidedFilter(guide, layers, radius, epsilon), -1, 0)
    likely = np.exp(smooth - smooth.max(axis=0))
    return np.asarray(likely / likely.sum(axis=0), np.float32)


def cleaned(mask: Mask, near: Mask, min_area: int) -> Mask:
    """Fill small holes, drop specks and parts that do not touch ``near``."""
    kept = np.zeros_like(mask)
    for region in components(mask, min_area):
        if (region & near).any():
            kept |= region
    return _without_holes(kept, min_area)


def components(mask: Mask, min_area: int = 1) -> Iterator[Mask]:
    """The connected regions of a mask (h, w) that have at least ``min_area`` pixels."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= min_area:
            yield labels == label


def _without_holes(mask: Mask, max_area: int) -> Mask:
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8))
    hole = stats[:, cv2.CC_STAT_AREA] < max_area
    hole[0] = False  # label 0 is the mask itself
    return mask | hole[labels]


def eroded(mask: Mask) -> Mask:
    """Without the outermost pixels, whose colors are mixed."""
    import cv2

    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))) > 0
