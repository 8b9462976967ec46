"""Bones must point where the detector's metric landmarks say: resolves depth, weakly."""

from torch import Tensor


def bone_direction(ends_cam: Tensor, direction: Tensor, sigma: Tensor) -> Tensor:
    """((b - a)/|b - a| - d) / σ for the two ends of one bone: (2, 3), unit (3,) → (3,).

    The difference of unit vectors is the angle in radians while it is small.
    """
    bone = ends_cam[1] - ends_cam[0]
    length = bone.square().sum().clamp(min=1e-12).sqrt()
    return (bone / length - direction) / sigma
