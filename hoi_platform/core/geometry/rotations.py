"""Rotation conversions on numpy arrays of any batch shape (conventions: ``core.geometry``)."""

import numpy as np
from scipy.spatial.transform import Rotation

from hoi_platform.core.arrays import Array


def unit(v: Array) -> Array:
    """(..., n) of length one; nan for zero vectors."""
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def matrix_from_axis_angle(axis_angle: Array) -> Array:
    """(..., 3) axis times angle in radians → (..., 3, 3)."""
    axis_angle = np.asarray(axis_angle, dtype=float)
    flat = Rotation.from_rotvec(axis_angle.reshape(-1, 3)).as_matrix()
    return flat.reshape(*axis_angle.shape[:-1], 3, 3)


def axis_angle_from_matrix(R: Array) -> Array:
    """(..., 3, 3) → (..., 3), the angle in [0, π]."""
    R = np.asarray(R, dtype=float)
    return Rotation.from_matrix(R.reshape(-1, 3, 3)).as_rotvec().reshape(*R.shape[:-2], 3)


def matrix_from_quaternion(wxyz: Array) -> Array:
    """(..., 4) wxyz, normalized here → (..., 3, 3)."""
    wxyz = np.asarray(wxyz, dtype=float)
    flat = Rotation.from_quat(wxyz.reshape(-1, 4)[:, [1, 2, 3, 0]]).as_matrix()
    return flat.reshape(*wxyz.shape[:-1], 3, 3)


def quaternion_from_matrix(R: Array) -> Array:
    """(..., 3, 3) → (..., 4) wxyz with w ≥ 0."""
    R = np.asarray(R, dtype=float)
    xyzw = Rotation.from_matrix(R.reshape(-1, 3, 3)).as_quat(canonical=True)
    return xyzw[:, [3, 0, 1, 2]].reshape(*R.shape[:-2], 4)


def rotation_angle(R_a: Array, R_b: Array) -> Array:
    """The geodesic angle in radians between (..., 3, 3) rotations; stable near 0 and π."""
    relative = np.swapaxes(np.asarray(R_a, float), -1, -2) @ np.asarray(R_b, float)
    return np.linalg.norm(axis_angle_from_matrix(relative), axis=-1)


def rotation_between(a: Array, b: Array) -> Array:
    """The smallest rotation (3, 3) that turns the direction of ``a`` (3,) to that of ``b`` (3,)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    sine, cosine = np.linalg.norm(axis), float(a @ b)
    if sine < 1e-12:
        if cosine > 0:
            return np.eye(3)
        helper = np.eye(3)[np.argmin(np.abs(a))]
        axis = np.cross(a, helper)
        return matrix_from_axis_angle(np.pi * axis / np.linalg.norm(axis))
    return matrix_from_axis_angle(axis / sine * np.arctan2(sine, cosine))


def nearest_rotation(M: Array) -> Array:
    """The rotation (..., 3, 3) nearest to a matrix in the Frobenius norm (by its SVD).

    Repairs rotations that went through single precision.
    """
    U, _, Vt = np.linalg.svd(np.asarray(M, dtype=float))
    flip = np.ones(M.shape[:-1])
    flip[..., 2] = np.linalg.det(U @ Vt)
    return (U * flip[..., None, :]) @ Vt
