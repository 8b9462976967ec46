"""Robust measures and weighted means that the terms share."""

import torch
from torch import Tensor


def charbonnier(residual: Tensor, scale: float) -> Tensor:
    """(..., D) → (...): √(|r|² + s²) − s, quadratic below ``scale``, then linear; unit of r."""
    return (residual.square().sum(-1) + scale**2).sqrt() - scale


def huber(distance: Tensor, delta: float) -> Tensor:
    """½d² up to δ, then δ(|d| − ½δ): the square of d's unit."""
    size = distance.abs()
    return torch.where(size < delta, distance.square() / 2, delta * (size - delta / 2))


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Σwv / Σw over everything; 0 when nothing has weight. ``weights`` broadcast."""
    weights = weights.expand_as(values)
    return (values * weights).sum() / weights.sum().clamp(min=1e-9)


def second_differences(trajectory: Tensor) -> Tensor:
    """(T, ..., D) → (T - 2, ..., D): x(t+1) − 2x(t) + x(t−1); 0 at constant velocity."""
    return trajectory[2:] - 2 * trajectory[1:-1] + trajectory[:-2]


def trimmed(distances: Tensor, real: Tensor, trim_pct: float) -> Tensor:
    """(T, P) weights: 1 for the nearest ``1 - trim_pct`` of each frame's real distances."""
    distances = distances.detach()
    ordered = torch.where(real, distances, torch.inf).sort(dim=1).values
    kept = (real.sum(dim=1, keepdim=True) * (1 - trim_pct)).ceil().long()
    limit = ordered.gather(1, (kept - 1).clamp(min=0))
    return ((distances <= limit) & real).to(distances)
