"""The terms of the fit: residuals of one landmark, bone or joint, in standard deviations.

``kinematics`` maps them over all items and frames and differentiates them; ``objective`` and
``ground`` add them up. Weights and schedules live in ``FitConfig``.
"""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

VELOCITY: Final = (-1.0, 1.0)
"""p_{t+1} − p_t: factors of two consecutive frames, by definition."""
ACCELERATION: Final = (1.0, -2.0, 1.0)
"""v_t − 2 v_{t+1} + v_{t+2}: factors of three consecutive frames, by definition. Motions are
smooth: accelerations cost, constant velocities are free."""
_NEAREST_M: Final = 0.05
"""Least depth of a projected point (m); chosen: one that strays behind the camera keeps a
gradient."""


def keypoint_reprojection(
    p_cam: Float[Tensor, "3"],
    uv: Float[Tensor, "2"],
    focal_px: Float[Tensor, ""],
    center_px: Float[Tensor, "2"],
    sigma_px: Float[Tensor, ""],
) -> Float[Tensor, "2"]:
    """(π(p) − uv) / σ of one landmark in camera coordinates."""
    projected = focal_px * p_cam[:2] / p_cam[2].clamp(min=_NEAREST_M) + center_px
    return (projected - uv) / sigma_px


def bone_direction(
    ends_cam: Float[Tensor, "2 3"], direction: Float[Tensor, "3"], sigma: Tensor
) -> Float[Tensor, "3"]:
    """((b − a)/|b − a| − d) / σ for the two ends of one bone; d is a unit vector.

    Resolves depth, weakly: d is the direction of the detector's metric landmarks. The difference of
    unit vectors is the angle in radians while it is small.
    """
    bone = ends_cam[1] - ends_cam[0]
    length = bone.square().sum().clamp(min=1e-12).sqrt()
    return (bone / length - direction) / sigma


def pose_prior(residuals: Float[Tensor, "*shape"], sigma: Tensor) -> Float[Tensor, "*shape"]:
    """residual / σ of axis-angle residuals in radians.

    Without evidence a joint stays as in the reference pose.
    """
    return residuals / sigma


def hinge_limit(
    R: Float[Tensor, "3 3"],
    bone: Float[Tensor, "3"],
    fold: Float[Tensor, "3"],
    limits: Float[Tensor, "2"],
    sigma: Float[Tensor, "3"],
) -> Float[Tensor, "3"]:
    """How far a hinge leaves its plane and its range, in σ, at a local rotation.

    ``bone`` is the rest direction of the child bone, ``fold`` the direction to which
    positive flexion turns it, ``limits`` the least and greatest flexion in radians, ``sigma``
    (3,) the tolerances (rad) out of the plane, below and above the range.
    """
    sideways = ((R @ bone) * torch.linalg.cross(bone, fold)).sum()
    flexion = flexion_angle(R, bone, fold)
    below, above = torch.relu(limits[0] - flexion), torch.relu(flexion - limits[1])
    return torch.stack([sideways, below, above]) / sigma


def hinge_twist(
    R: Float[Tensor, "3 3"], hinge: Float[Tensor, "3"], sigma: Tensor
) -> Float[Tensor, "3"]:
    """(R h − h) / σ: zero exactly when the rotation is about the hinge h."""
    return (R @ hinge - hinge) / sigma


def flexion_angle(
    R: Float[Tensor, "3 3"], bone: Float[Tensor, "3"], fold: Float[Tensor, "3"]
) -> Float[Tensor, ""]:
    """The angle (radians) by which a local rotation turns ``bone`` toward ``fold``."""
    d = R @ bone
    return torch.atan2((d * fold).sum(), (d * bone).sum())


def foot_height(
    p: Float[Tensor, "3"], height: Float[Tensor, "1"], contact: Float[Tensor, "1"], sigma: Tensor
) -> Float[Tensor, "1"]:
    """√c (z − height) / σ of one point of a sole in the world."""
    return contact.sqrt() * (p[2:] - height) / sigma


def planted_through(contact: Float[Tensor, "T N"]) -> Float[Tensor, "T-1 N"]:
    """Probability that a foot is planted in two frames in a row.

    Divided by the tolerated slide per frame it weighs ``VELOCITY``: a planted foot does not move.
    """
    return (contact[1:] * contact[:-1]).sqrt()


def balance(
    center: Float[Tensor, "3"],
    anchor_xy: Float[Tensor, "2"],
    standing: Float[Tensor, "1"],
    sigma: Tensor,
) -> Float[Tensor, "2"]:
    """√standing (c_xy − anchor) / σ of the body's center of mass in the world.

    A person who stands keeps it above the feet: this resolves the depth of the trunk.
    """
    return standing.sqrt() * (center[:2] - anchor_xy) / sigma
