"""Motions of the object: twists about its center, what an image says about them, smooth paths.

A small motion is a twist (v, ω) in the camera's axes (see the package's docstring).
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from hoi_platform.core.arrays import Array, Mask
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

    values: Float[Array, " N"]
    J: Float[Array, "N 6"]
    weights: Float[Array, " N"]  # inverse variances times what a robust loss leaves of them


def apply_twist(
    T: Float[Array, "4 4"], twist: Float[Array, "6"], center: Float[Array, "3"]
) -> Float[Array, "4 4"]:
    """``T`` after the twist: the object's point ``center`` moves by exactly v."""
    dR = matrix_from_axis_angle(twist[3:])
    c = T[:3, :3] @ center + T[:3, 3]
    return rigid(dR @ T[:3, :3], dR @ (T[:3, 3] - c) + c + twist[:3])


def twist_between(
    T_from: Float[Array, "*#batch 4 4"],
    T_to: Float[Array, "*#batch 4 4"],
    center: Float[Array, "3"],
) -> Float[Array, "*batch 6"]:
    """The twist that takes ``T_from`` to ``T_to``."""
    v = center_of(T_to, center) - center_of(T_from, center)
    dR = T_to[..., :3, :3] @ np.swapaxes(T_from[..., :3, :3], -1, -2)
    return np.concatenate([v, axis_angle_from_matrix(dR)], axis=-1)


def center_of(T: Float[Array, "*batch 4 4"], center: Float[Array, "3"]) -> Float[Array, "*batch 3"]:
    """Where the object's point ``center`` is at each pose."""
    return transform_points(T, center[None])[..., 0, :]


def point_jacobian(p_cam: Float[Array, "N 3"], c_cam: Float[Array, "3"]) -> Float[Array, "N 3 6"]:
    """d p / d(v, ω) at zero for camera points and the center."""
    J = np.zeros((len(p_cam), 3, 6))
    J[:, [0, 1, 2], [0, 1, 2]] = 1.0
    x, y, z = (p_cam - c_cam).T
    J[:, 0, 4], J[:, 0, 5] = z, -y
    J[:, 1, 3], J[:, 1, 5] = -z, x
    J[:, 2, 3], J[:, 2, 4] = y, -x
    return J


def pixel_jacobian(
    p_cam: Float[Array, "N 3"], c_cam: Float[Array, "3"], focal_px: float
) -> Float[Array, "N 2 6"]:
    """d(u, v) / d(v, ω) at zero for camera points and the center."""
    J = point_jacobian(p_cam, c_cam)
    z = p_cam[:, 2, None]
    du = (J[:, 0] - p_cam[:, 0, None] / z * J[:, 2]) * (focal_px / z)
    dv = (J[:, 1] - p_cam[:, 1, None] / z * J[:, 2]) * (focal_px / z)
    return np.stack([du, dv], axis=1)


def spin_information(
    axes: Float[Array, "K 3"], R_cam_object: Float[Array, "3 3"], sigma_rad: float
) -> Float[Array, "6 6"]:
    """Information that holds the rotation about the given object axes."""
    information = np.zeros((6, 6))
    for axis in _in_camera(axes, R_cam_object):
        information[3:, 3:] += np.outer(axis, axis) / sigma_rad**2
    return information


def without_spin(
    information: Float[Array, "6 6"], axes: Float[Array, "K 3"], R_cam_object: Float[Array, "3 3"]
) -> Float[Array, "6 6"]:
    """An image's information less what it pretends to know about the given axes."""
    keep = np.eye(6)
    for axis in _in_camera(axes, R_cam_object):
        keep[3:, 3:] -= np.outer(axis, axis)
    return keep @ information @ keep


def _in_camera(
    axes: Float[Array, "K 3"], R_cam_object: Float[Array, "3 3"]
) -> Iterable[Float[Array, "3"]]:
    return np.linalg.qr((axes @ R_cam_object.T).T)[0].T if len(axes) else []


def smooth_path(
    Ts: Float[Array, "T 4 4"],
    informations: Float[Array, "T 6 6"],
    fixed: Bool[Mask, " T"],
    center: Float[Array, "3"],
    acceleration: tuple[float, float],
) -> Float[Array, "T 4 4"]:
    """The most probable path when every pose has an information.

    Minimizes Σ ξᵀ H ξ over the twists ξ from the measured poses plus the squared change of
    velocity, whose standard deviation per frame is ``acceleration`` (meters, radians), under a
    Cauchy loss: grasps and stops are abrupt. Where ``fixed`` is true the pose stays exactly.
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
    path: Float[Array, "T 4 4"],
    Ts: Float[Array, "T 4 4"],
    informations: Float[Array, "T 6 6"],
    fixed: Bool[Mask, " T"],
    center: Float[Array, "3"],
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
