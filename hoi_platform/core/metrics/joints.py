"""Errors of body and hand joints, in millimeters; joints are (T, J, 3) in meters, world frame."""

from typing import Final

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.skeleton import JOINT, LEFT_HAND, NUM_BODY_JOINTS, RIGHT_HAND

_HANDS: Final = (
    (JOINT["left_wrist"], LEFT_HAND),
    (JOINT["right_wrist"], RIGHT_HAND),
)


def body_joints(joints: Float[Array, "T joints 3"]) -> Float[Array, "T 22 3"]:
    """The joints from pelvis to wrists."""
    return joints[:, :NUM_BODY_JOINTS]


def mpjpe_mm(predicted: Float[Array, "T J 3"], truth: Float[Array, "T J 3"]) -> float:
    """Mean per-joint position error in the world: no alignment at all.

    Mean over frames and the given joints of the Euclidean distance.
    """
    return _mean_mm(predicted - truth)


def root_aligned_mpjpe_mm(predicted: Float[Array, "T J 3"], truth: Float[Array, "T J 3"]) -> float:
    """MPJPE after the first joint (pelvis) of every frame is moved onto the true one."""
    return _mean_mm(predicted - predicted[:, :1] - (truth - truth[:, :1]))


def pa_mpjpe_mm(predicted: Float[Array, "T J 3"], truth: Float[Array, "T J 3"]) -> float:
    """MPJPE after every frame is aligned by its best similarity transform.

    Umeyama 1991, "Least-squares estimation of transformation parameters between two point
    patterns", eq. 40-42: rotation without reflection, translation and scale.
    """
    p_mean, t_mean = predicted.mean(axis=1, keepdims=True), truth.mean(axis=1, keepdims=True)
    p, t = predicted - p_mean, truth - t_mean
    U, D, Vt = np.linalg.svd(np.swapaxes(t, -1, -2) @ p)
    signs = np.ones_like(D)
    signs[:, -1] = np.sign(np.linalg.det(U @ Vt))
    R = U * signs[:, None] @ Vt
    scale = (D * signs).sum(-1) / np.maximum((p**2).sum((-1, -2)), 1e-12)
    return _mean_mm(scale[:, None, None] * (p @ np.swapaxes(R, -1, -2)) - t)


def hand_joint_mm(predicted: Float[Array, "T 55 3"], truth: Float[Array, "T 55 3"]) -> float:
    """MPJPE in the world of the 30 finger joints."""
    return _mean_mm(np.concatenate([predicted[:, h] - truth[:, h] for _, h in _HANDS], axis=1))


def wrist_relative_hand_joint_mm(
    predicted: Float[Array, "T 55 3"], truth: Float[Array, "T 55 3"]
) -> float:
    """The same after each wrist is moved onto the true one."""
    errors = [
        predicted[:, hand] - predicted[:, [wrist]] - (truth[:, hand] - truth[:, [wrist]])
        for wrist, hand in _HANDS
    ]
    return _mean_mm(np.concatenate(errors, axis=1))


def _mean_mm(difference: Float[Array, "T J 3"]) -> float:
    return 1000 * float(np.linalg.norm(difference, axis=-1).mean())
