"""Hinges bend one way only: elbows, knees and fingers."""

import torch
from torch import Tensor


def hinge_limit(R: Tensor, bone: Tensor, fold: Tensor, limits: Tensor, sigma: Tensor) -> Tensor:
    """How far a hinge leaves its plane and its range, in σ: local rotation (3, 3) → (3,).

    ``bone`` is the rest direction of the child bone, ``fold`` the direction to which positive
    flexion turns it, ``limits`` (2,) the least and greatest flexion in radians, ``sigma`` (3,) the
    tolerances (rad) out of the plane, below and above the range.
    """
    sideways = ((R @ bone) * torch.linalg.cross(bone, fold)).sum()
    flexion = flexion_angle(R, bone, fold)
    below, above = torch.relu(limits[0] - flexion), torch.relu(flexion - limits[1])
    return torch.stack([sideways, below, above]) / sigma


def hinge_twist(R: Tensor, hinge: Tensor, sigma: Tensor) -> Tensor:
    """(R h - h) / σ, (3, 3) → (3,): zero exactly when the rotation is about the hinge h (3,)."""
    return (R @ hinge - hinge) / sigma


def flexion_angle(R: Tensor, bone: Tensor, fold: Tensor) -> Tensor:
    """The angle (radians) by which a local rotation (3, 3) turns ``bone`` toward ``fold``."""
    d = R @ bone
    return torch.atan2((d * fold).sum(), (d * bone).sum())
