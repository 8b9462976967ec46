"""Smooth timing and paths: what makes a motion twice continuously differentiable."""

import numpy as np
from scipy.interpolate import CubicSpline

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid


def min_jerk(t: Array, start: float, end: float) -> Array:
    """0 before ``start``, 1 after ``end``, between them the minimum-jerk profile.

    Velocity and acceleration vanish at both ends (Flash and Hogan 1985, eq. 3).
    """
    u: Array = np.clip((np.asarray(t, float) - start) / (end - start), 0.0, 1.0)
    return u**3 * (10 - 15 * u + 6 * u**2)


def pose_path(Ts: Array, progress: Array, knots: Array | None = None) -> Array:
    """A natural cubic spline (T, 4, 4) through poses (K, 4, 4) at ``knots`` (K,) from 0 to 1.

    Without knots they follow the chords of the positions. Rotations run on the chart of rotation
    vectors relative to the last pose, from which all should differ by clearly less than 180°.
    """
    R_last = Ts[-1, :3, :3]
    turns = axis_angle_from_matrix(R_last.T @ Ts[:, :3, :3])
    if knots is None:
        chords = np.linalg.norm(np.diff(Ts[:, :3, 3], axis=0), axis=-1)
        knots = np.concatenate([[0], np.cumsum(np.maximum(chords, 1e-3))])
    values = np.concatenate([Ts[:, :3, 3], turns], axis=-1)
    at = CubicSpline(knots / knots[-1], values, bc_type="natural")(progress)
    return rigid(R_last @ matrix_from_axis_angle(at[:, 3:]), at[:, :3])
