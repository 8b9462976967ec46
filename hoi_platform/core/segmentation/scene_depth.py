"""Depth per frame from what is known: the empty scene's and the fitted body's."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.background import (
    UNIFORM_LOG_DENSITY,
    BackgroundModel,
    exposure_gain,
)
from hoi_platform.core.segmentation.silhouette import BodyView

Mask = NDArray[np.bool_]

_EDGE_M: Final = 0.12
"""A step of the body's depth within ``_EDGE_PX``: an arm before the trunk, say. The fitted pose
is not exact enough to know on which side of it a pixel lies."""
_EDGE_PX: Final = 5
_SPECK_PX: Final = 40


def compose_depth(
    plate_depth: NDArray[np.floating], body: BodyView, thing: Mask, human: Mask, unknown: Mask
) -> NDArray[np.float32]:
    """(height, width) in meters: the plate's, on the person's pixels the body's, else nan.

    nan are the object, the person's pixels that the body misses or where its depth has a step,
    and ``unknown`` pixels, which show something else.
    """
    depth = plate_depth.astype(np.float32)
    depth[human] = _certain(body).depth_image()[human] if human.any() else np.nan
    depth[thing | (unknown & ~human)] = np.nan
    return depth


def unexplained(
    frame: NDArray[np.uint8], background: BackgroundModel, thing: Mask, human: Mask
) -> Mask:
    """(height, width) pixels that are neither person nor object and do not look like the plate."""
    import cv2

    explained = cv2.dilate((thing | human).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    image = frame.astype(np.float32)
    image /= exposure_gain(image, background.plate, ~explained)
    everywhere = (slice(0, image.shape[0]), slice(0, image.shape[1]))
    log_density = np.log(background.density(image, everywhere))
    odd = cv2.blur(log_density, (5, 5)) < UNIFORM_LOG_DENSITY - 0.5
    odd &= ~explained
    return np.asarray(cv2.morphologyEx(odd.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5)))) > 0


def _certain(body: BodyView) -> BodyView:
    """Without the pixels near a step of depth."""
    import cv2

    if not body.depth.size:
        return body
    kernel = np.ones((_EDGE_PX, _EDGE_PX), np.uint8)
    seen = np.isfinite(body.depth)
    farthest = cv2.dilate(np.where(seen, body.depth, np.float32(0)), kernel)
    nearest = cv2.erode(np.where(seen, body.depth, np.float32(1e3)), kernel)
    depth = np.where(seen & (farthest - nearest < _EDGE_M), body.depth, np.float32(np.nan))
    return BodyView(body.shape, body.window, depth, body.parts)
