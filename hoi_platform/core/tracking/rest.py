"""Whether the object still stands where frame 0 shows it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.refine import Model
from hoi_platform.core.tracking.se3 import center_of, pixel_jacobian
from hoi_platform.core.tracking.search import Found

_STILL_PX = 0.5
_SIGMAS = 3.0
_LASTING = 2
"""Frames in a row that must show motion."""


def shows_motion(found: Found, T_rest: Array, model: Model, prior: Array) -> bool:
    """The pose differs from the rest pose in the image by more than its own uncertainty."""
    if found.lost:
        return False
    moved_px = model.caster.moved_px(found.T, T_rest)
    return moved_px > _STILL_PX + _SIGMAS * _spread_px(found, model, prior)


def _spread_px(found: Found, model: Model, prior: Array) -> float:
    """Root mean square uncertainty (px) of the object's extreme points in the image."""
    points = model.caster.corners
    p_cam = transform_points(found.T, points)
    J = pixel_jacobian(p_cam, center_of(found.T, model.center), model.camera.focal_px)
    covariance = np.linalg.inv(found.information + prior)
    variance = np.einsum("nad,de,nae->n", J, covariance, J)
    return float(np.sqrt(variance.mean()))


def resting_frames(moves: Sequence[bool]) -> NDArray[np.bool_]:
    """(T,): true up to the first run of frames that show motion (the last run may be short)."""
    moves = list(moves)
    for t in range(len(moves)):
        if all(moves[t : t + _LASTING]):
            return np.arange(len(moves)) < t
    return np.ones(len(moves), dtype=bool)
