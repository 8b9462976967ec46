"""A first guess of both arms from the detector's metric landmarks.

A large reach starts too far from the first frame's pose for a local solver: it can bend the elbow
into the wrong plane. The directions of upper arm and forearm give shoulder and elbow in closed
form.
"""

from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.fitting.kinematics import PoseSpace
from hoi_platform.core.body.fitting.measurements import BODY_BONES, Measurements
from hoi_platform.core.body.ik import SIDES, Side, arm, split_twist
from hoi_platform.core.body.keypoints import KEYPOINT
from hoi_platform.core.body.skeleton import PARENTS
from hoi_platform.core.geometry.rotations import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    rotation_between,
)

_MOST_INFLATION: Final = 10.0
"""Factor on a direction's standard deviation beyond which it is not used; chosen."""
_PLANE_OF_FIRST_FRAME: Final = 0.15
"""Weight of the first frame's elbow plane, beside sin(flexion) of the measured one; chosen."""


def start_arms(measured: Measurements, space: PoseSpace, x: Float[Tensor, "T P"]) -> None:
    """Put the closed form of both arms into x."""
    posed, body_bones = space.posed(x), slice(0, len(BODY_BONES))
    R_world_cam = measured.T_cam_world[:3, :3].T.numpy()
    directions = measured.directions[:, body_bones].numpy() @ R_world_cam.T
    certain = measured.direction_inflation < _MOST_INFLATION
    usable = (measured.direction_known * certain)[:, body_bones].numpy().astype(bool)
    rotations = space.pose(x)[0].numpy()
    for side in SIDES:
        found = arm_rotations(side, rotations, posed.R_world_joint.numpy(), directions, usable)
        for joint, R in found.items():
            residual = axis_angle_from_matrix(np.swapaxes(rotations[:, joint], -1, -2) @ R)
            column = 3 + 3 * space.joints.index(joint)
            x[:, column : column + 3] = torch.as_tensor(unwrapped(residual))


def arm_rotations(
    side: Side,
    rotations: Float[Array, "T 55 3 3"],
    R_world_joint: Float[Array, "T 55 3 3"],
    directions: Float[Array, "T B 3"],
    usable: Bool[Mask, "T B"],
) -> dict[int, Float[Array, "T 3 3"]]:
    """Local rotations of shoulder and elbow by joint.

    ``rotations`` and ``R_world_joint`` are the pose so far, ``directions``
    the world directions of ``BODY_BONES``, to be used where ``usable``.
    """
    limb = arm(side)
    upper_row, lower_row = (
        _bone(side, *names) for names in (("shoulder", "elbow"), ("elbow", "wrist"))
    )
    R_parent = R_world_joint[:, PARENTS[limb.upper]]
    R_now = R_world_joint[:, limb.upper]
    shoulder, elbow = rotations[:, limb.upper].copy(), rotations[:, limb.middle].copy()
    twist, _ = split_twist(np.swapaxes(elbow, -1, -2), limb.bone)
    for t in np.flatnonzero(usable[:, upper_row] & usable[:, lower_row]):
        u, w = directions[t, upper_row], directions[t, lower_row]
        swung = rotation_between(R_now[t] @ limb.bone, u) @ R_now[t]
        normal = np.cross(u, w) + _PLANE_OF_FIRST_FRAME * (swung @ limb.hinge)
        R_upper = _frame(u, normal) @ _frame(limb.bone, limb.hinge).T
        flexion = np.arctan2(np.cross(u, w) @ (R_upper @ limb.hinge), u @ w)
        shoulder[t] = R_parent[t].T @ R_upper
        elbow[t] = matrix_from_axis_angle(max(flexion, 0.0) * limb.hinge) @ matrix_from_axis_angle(
            -twist[t] * limb.bone
        )
    return {limb.upper: shoulder, limb.middle: elbow}


def _bone(side: Side, start: str, end: str) -> int:
    return BODY_BONES.index((KEYPOINT[f"{side}_{start}"], KEYPOINT[f"{side}_{end}"]))


def _frame(x: Float[Array, "3"], z: Float[Array, "3"]) -> Float[Array, "3 3"]:
    """The rotation whose first column is along x and whose third is nearest to z."""
    x = x / np.linalg.norm(x)
    z = z - (z @ x) * x
    z = z / max(float(np.linalg.norm(z)), 1e-9)
    return np.stack([x, np.cross(z, x), z], axis=-1)


def unwrapped(axis_angle: Float[Array, "T 3"]) -> Float[Array, "T 3"]:
    """The same rotations with angles beyond π where that makes them continuous."""
    result = axis_angle.copy()
    for t in range(1, len(result)):
        angle = np.linalg.norm(result[t])
        if angle > np.pi / 2:
            other = result[t] * (1 - 2 * np.pi / angle)
            if np.linalg.norm(other - result[t - 1]) < np.linalg.norm(result[t] - result[t - 1]):
                result[t] = other
    return result
