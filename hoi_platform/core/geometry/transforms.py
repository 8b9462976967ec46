"""Rigid transforms as 4x4 matrices (conventions: ``core.geometry``)."""

import numpy as np

from hoi_platform.core.arrays import Array


def rigid(R: Array, t: Array) -> Array:
    """(..., 3, 3) and (..., 3) → (..., 4, 4)."""
    R, t = np.asarray(R, dtype=float), np.asarray(t, dtype=float)
    T = np.zeros((*np.broadcast_shapes(R.shape[:-2], t.shape[:-1]), 4, 4))
    T[..., :3, :3] = R
    T[..., :3, 3] = t
    T[..., 3, 3] = 1.0
    return T


def inverse(T: Array) -> Array:
    """The inverse of (..., 4, 4) rigid transforms."""
    R_t = np.swapaxes(T[..., :3, :3], -1, -2)
    return rigid(R_t, -(R_t @ T[..., :3, 3, None])[..., 0])


def transform_points(T: Array, p: Array) -> Array:
    """Map points (..., N, 3) by (..., 4, 4); batch dimensions broadcast."""
    return p @ np.swapaxes(T[..., :3, :3], -1, -2) + T[..., None, :3, 3]
