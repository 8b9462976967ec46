"""Small motions about a center, in the camera's axes (see the package's docstring)."""

import numpy as np

from hoi_platform.core.geometry.rotations import (
    Array,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
)
from hoi_platform.core.geometry.transforms import rigid, transform_points


def moved(T: Array, twist: Array, center: Array) -> Array:
    """``T`` (4, 4) after the twist (v, ω): the object's point ``center`` moves by exactly v."""
    dR = matrix_from_axis_angle(twist[3:])
    c = T[:3, :3] @ center + T[:3, 3]
    return rigid(dR @ T[:3, :3], dR @ (T[:3, 3] - c) + c + twist[:3])


def twist_between(T_from: Array, T_to: Array, center: Array) -> Array:
    """The twist with ``moved(T_from, twist, center) == T_to``; batches (..., 4, 4) → (..., 6)."""
    v = center_of(T_to, center) - center_of(T_from, center)
    dR = T_to[..., :3, :3] @ np.swapaxes(T_from[..., :3, :3], -1, -2)
    return np.concatenate([v, axis_angle_from_matrix(dR)], axis=-1)


def center_of(T: Array, center: Array) -> Array:
    """Where the object's point ``center`` (3,) is under (..., 4, 4) → (..., 3)."""
    return transform_points(T, center[None])[..., 0, :]


def point_jacobian(p_cam: Array, c_cam: Array) -> Array:
    """d p / d(v, ω) at zero for camera points (N, 3) → (N, 3, 6)."""
    J = np.zeros((len(p_cam), 3, 6))
    J[:, [0, 1, 2], [0, 1, 2]] = 1.0
    x, y, z = (p_cam - c_cam).T
    J[:, 0, 4], J[:, 0, 5] = z, -y
    J[:, 1, 3], J[:, 1, 5] = -z, x
    J[:, 2, 3], J[:, 2, 4] = y, -x
    return J


def pixel_jacobian(p_cam: Array, c_cam: Array, focal_px: float) -> Array:
    """d(u, v) / d(v, ω) at zero for camera points (N, 3) → (N, 2, 6)."""
    J = point_jacobian(p_cam, c_cam)
    z = p_cam[:, 2, None]
    du = (J[:, 0] - p_cam[:, 0, None] / z * J[:, 2]) * (focal_px / z)
    dv = (J[:, 1] - p_cam[:, 1, None] / z * J[:, 2]) * (focal_px / z)
    return np.stack([du, dv], axis=1)
