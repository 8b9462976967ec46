"""Motions of the object: twists about its center, what an image says about them, smooth paths.

A small motion is a twist (v, ω) in the camera's axes (see the package's docstring).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid, transform_points
from hoi_platform.core.least_squares.normal_equations import NormalEquations
from hoi_platform.core.least_squares.robust import CAUCHY

_SMOOTHING_ROUNDS: Final = 4
"""Number of reweighted solutions of a path; chosen: the weights have settled."""
BEND_SIGMAS: Final = 3.0
"""Where the losses of colors and of accelerations bend (standard deviations); chosen."""
RIDGE: Final = 1e-6
"""Information of no motion in a step (a weight in 1/m², 1/rad²); chosen: next to nothing."""
_FIXED: Final = 1e12
"""The same in a frame that stays (a weight in 1/m², 1/rad²); chosen: it outweighs all evidence."""


class PoseResiduals(NamedTuple):
    """N residuals of one frame, linearized in the twist of its pose."""

    values: Array  # (N,)
    J: Array  # (N, 6)
    weights: Array  # (N,) inverse variances times what a robust loss leaves of them


def apply_twist(T: Array, twist: Array, center: Array) -> Array:
    """``T`` (4, 4) after the twist (6,): the object's point ``center`` (3,) moves by exactly v."""
    dR = matrix_from_axis_angle(twist[3:])
    c = T[:3, :3] @ center + T[:3, 3]
    return rigid(dR @ T[:3, :3], dR @ (T[:3, 3] - c) + c + twist[:3])


def twist_between(T_from: Array, T_to: Array, center: Array) -> Array:
    """The twist that takes ``T_from`` to ``T_to``; batches (..., 4, 4) → (..., 6)."""
    v = center_of(T_to, center) - center_of(T_from, center)
    dR = T_to[..., :3, :3] @ np.swapaxes(T_from[..., :3, :3], -1, -2)
    return np.concatenate([v, axis_angle_from_matrix(dR)], axis=-1)


def center_of(T: Array, center: Array) -> Array:
    """Where the object's point ``center`` (3,) is under (..., 4, 4) → (..., 3)."""
    return transform_points(T, center[None])[..., 0, :]


def point_jacobian(p_cam: Array, c_cam: Array) -> Array:
    """d p / d(v, ω) at zero for camera points (N, 3) and the center (3,) → (N, 3, 6)."""
    J = np.zeros((len(p_cam), 3, 6))
    J[:, [0, 1, 2], [0, 1, 2]] = 1.0
    x, y, z = (p_cam - c_cam).T
    J[:, 0, 4], J[:, 0, 5] = z, -y
    J[:, 1, 3], J[:, 1, 5] = -z, x
    J[:, 2, 3], J[:, 2, 4] = y, -x
    return J


def pixel_jacobian(p_cam: Array, c_cam: Array, focal_px: float) -> Array:
    """d(u, v) / d(v, ω) at zero for camera points (N, 3) and the center (3,) → (N, 2, 6)."""
    J = point_jacobian(p_cam, c_cam)
    z = p_cam[:, 2, None]
    du = (J[:, 0] - p_cam[:, 0, None] / z * J[:, 2]) * (focal_px / z)
    dv = (J[:, 1] - p_cam[:, 1, None] / z * J[:, 2]) * (focal_px / z)
    return np.stack([du, dv], axis=1)


def spin_information(axes: Array, R_cam_object: Array, sigma_rad: float) -> Array:
    """(6, 6) information that holds the rotation about the given object axes (K, 3)."""
    information = np.zeros((6, 6))
    for axis in _in_camera(axes, R_cam_object):
        information[3:, 3:] += np.outer(axis, axis) / sigma_rad**2
    return information


def without_spin(information: Array, axes: Array, R_cam_object: Array) -> Array:
    """An image's information (6, 6) less what it pretends to know about the given axes (K, 3)."""
    keep = np.eye(6)
    for axis in _in_camera(axes, R_cam_object):
        keep[3:, 3:] -= np.outer(axis, axis)
    return keep @ information @ keep


def _in_camera(axes: Array, R_cam_object: Array) -> Iterable[Array]:
    return np.linalg.qr((axes @ R_cam_object.T).T)[0].T if len(axes) else []


def smooth_path(
    Ts: Array,
    informations: Array,
    fixed: NDArray[np.bool_],
    center: Array,
    acceleration: tuple[float, float],
) -> Array:
    """The most probable path when every pose (T, 4, 4) has an information (T, 6, 6).

    Minimizes Σ ξᵀ H ξ over the twists ξ from the measured poses plus the squared change of
    velocity, whose standard deviation per frame is ``acceleration`` (meters, radians), under a
    Cauchy loss: grasps and stops are abrupt. Where ``fixed`` (T,) is true the pose stays exactly.
    Frames without information (zeros) are bridged smoothly.
    """
    path = Ts.copy()
    if len(Ts) < 3 or fixed.all():
        return path
    for _ in range(_SMOOTHING_ROUNDS):
        steps = _equations(path, Ts, informations, fixed, center, acceleration).step()
        for t in np.flatnonzero(~fixed):
            path[t] = apply_twist(path[t], steps[t], center)
    return path


def _equations(
    path: Array,
    Ts: Array,
    informations: Array,
    fixed: NDArray[np.bool_],
    center: Array,
    acceleration: tuple[float, float],
) -> NormalEquations:
    """Of the path's twists, reweighted at the path."""
    jump = np.diff(twist_between(path[:-1], path[1:], center), axis=0)
    size = np.square(jump / np.repeat(acceleration, 3)).reshape(-1, 2, 3).sum(axis=2)
    weights = CAUCHY.weight(size / BEND_SIGMAS**2) / np.square(acceleration)
    equations = NormalEquations(len(Ts), 6, reach=2)
    equations.hold(RIDGE)
    away = twist_between(Ts, path, center)
    equations.add_quadratic(informations, np.einsum("tij,tj->ti", informations, away))
    slopes = [np.tile(c * np.eye(6), (len(jump), 1, 1)) for c in (1.0, -2.0, 1.0)]
    equations.add(jump, *slopes, weights=np.repeat(weights, 3, axis=1))
    equations.hold(_FIXED, fixed)
    return equations
