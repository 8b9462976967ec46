"""Rigid transforms as 4x4 matrices (conventions: ``core.geometry``)."""

import numpy as np
from jaxtyping import Float, Real

from hoi_platform.core.arrays import Array


def rigid(
    R: Float[Array, "*#batch 3 3"], t: Real[Array, "*#batch 3"]
) -> Float[Array, "*batch 4 4"]:
    """The transform that rotates by R and then moves by t."""
    R, t = np.asarray(R, dtype=float), np.asarray(t, dtype=float)
    T = np.zeros((*np.broadcast_shapes(R.shape[:-2], t.shape[:-1]), 4, 4))
    T[..., :3, :3] = R
    T[..., :3, 3] = t
    T[..., 3, 3] = 1.0
    return T


def inverse(T: Float[Array, "*batch 4 4"]) -> Float[Array, "*batch 4 4"]:
    """The inverse of rigid transforms."""
    R_t = np.swapaxes(T[..., :3, :3], -1, -2)
    return rigid(R_t, -(R_t @ T[..., :3, 3, None])[..., 0])


def transform_points(
    T: Float[Array, "*#batch 4 4"], p: Float[Array, "*#batch N 3"]
) -> Float[Array, "*batch N 3"]:
    """Map points by rigid transforms."""
    return p @ np.swapaxes(T[..., :3, :3], -1, -2) + T[..., None, :3, 3]
