"""Differentiable rotation conversions on torch tensors (conventions: ``core.geometry``)."""

import torch
from jaxtyping import Float
from torch import Tensor


def skew(v: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """The matrix with ``skew(v) @ w == cross(v, w)``."""
    x, y, z = v.unbind(-1)
    zero = torch.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return torch.stack(rows, dim=-1).reshape(*v.shape[:-1], 3, 3)


def matrix_from_axis_angle(axis_angle: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Rodrigues' formula; smooth with exact gradients through zero."""
    squared = axis_angle.square().sum(-1)[..., None, None]
    small = squared < 1e-6
    safe = torch.where(small, torch.ones_like(squared), squared)
    angle = safe.sqrt()
    # sin(a)/a and (1 - cos(a))/a², by their Taylor series near zero.
    a = torch.where(small, 1 - squared / 6 + squared.square() / 120, angle.sin() / angle)
    b = torch.where(small, 0.5 - squared / 24 + squared.square() / 720, (1 - angle.cos()) / safe)
    K = skew(axis_angle)
    eye = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return eye + a * K + b * (K @ K)
