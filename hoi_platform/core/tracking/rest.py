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
"""Seen frames in a row that must show motion."""


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


def resting_frames(moves: Sequence[bool], lost: Sequence[bool]) -> NDArray[np.bool_]:
    """(T,): true up to the last frame that is seen at rest before a lasting motion.

    A lost frame tells nothing: it neither confirms a motion nor ends one, and where the object was
    covered while it began to move, rest ends with the last frame that showed it. The last run of
    motion may be short.
    """
    seen = np.flatnonzero(~np.asarray(lost))
    moved = np.asarray(moves)[seen]
    for i in range(len(seen)):
        if moved[i : i + _LASTING].all():
            return np.arange(len(moves)) < (seen[i - 1] + 1 if i else 0)
    return np.ones(len(moves), dtype=bool)
