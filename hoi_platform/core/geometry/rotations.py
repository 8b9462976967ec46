"""Rotation conversions on numpy arrays of any batch shape (conventions: ``core.geometry``)."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from hoi_platform.core.arrays import Array


def unit(v: Float[Array, "*batch n"]) -> Float[Array, "*batch n"]:
    """Vectors of length one; nan for zero vectors."""
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def matrix_from_axis_angle(axis_angle: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3 3"]:
    """The rotation about an axis, given times its angle in radians."""
    axis_angle = np.asarray(axis_angle, dtype=float)
    flat = Rotation.from_rotvec(axis_angle.reshape(-1, 3)).as_matrix()
    return flat.reshape(*axis_angle.shape[:-1], 3, 3)


def axis_angle_from_matrix(R: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 3"]:
    """The axis of a rotation times its angle, which is in [0, π]."""
    R = np.asarray(R, dtype=float)
    return Rotation.from_matrix(R.reshape(-1, 3, 3)).as_rotvec().reshape(*R.shape[:-2], 3)


def matrix_from_quaternion(wxyz: Float[Array, "*batch 4"]) -> Float[Array, "*batch 3 3"]:
    """The rotation of a quaternion, which is normalized here."""
    wxyz = np.asarray(wxyz, dtype=float)
    flat = Rotation.from_quat(wxyz.reshape(-1, 4)[:, [1, 2, 3, 0]]).as_matrix()
    return flat.reshape(*wxyz.shape[:-1], 3, 3)


def quaternion_from_matrix(R: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 4"]:
    """The quaternion wxyz of a rotation, with w ≥ 0."""
    R = np.asarray(R, dtype=float)
    xyzw = Rotation.from_matrix(R.reshape(-1, 3, 3)).as_quat(canonical=True)
    return xyzw[:, [3, 0, 1, 2]].reshape(*R.shape[:-2], 4)


def rotation_angle(
    R_a: Float[Array, "*#batch 3 3"], R_b: Float[Array, "*#batch 3 3"]
) -> Float[Array, "*batch"]:
    """The geodesic angle in radians between rotations; stable near 0 and π."""
    relative = np.swapaxes(np.asarray(R_a, float), -1, -2) @ np.asarray(R_b, float)
    return np.linalg.norm(axis_angle_from_matrix(relative), axis=-1)


def rotation_between(a: Float[Array, "3"], b: Float[Array, "3"]) -> Float[Array, "3 3"]:
    """The smallest rotation that turns the direction of ``a`` to that of ``b``."""
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


def nearest_rotation(M: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 3 3"]:
    """The rotation nearest to a matrix in the Frobenius norm (by its SVD).

    Repairs rotations that went through single precision.
    """
    U, _, Vt = np.linalg.svd(np.asarray(M, dtype=float))
    flip = np.ones(M.shape[:-1])
    flip[..., 2] = np.linalg.det(U @ Vt)
    return (U * flip[..., None, :]) @ Vt
