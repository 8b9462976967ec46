"""Robust measures and weighted means that the terms share."""

from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torch import Tensor

EPSILON_M: Final = 1e-3
"""Meters; GRAIL's Huber δ of contact: below a millimeter distances are noise and cost their
square."""


def charbonnier(residual: "Tensor", epsilon: float) -> "Tensor":
    """(..., D) → (...): √(|r|² + ε²) − ε, quadratic below ``epsilon``, then linear; unit of r."""
    return (residual.square().sum(-1) + epsilon**2).sqrt() - epsilon


def huber(distance: "Tensor", delta: float) -> "Tensor":
    """½d² up to δ, then δ(|d| − ½δ): the square of d's unit."""
    size = distance.abs()
    return (distance.square() / 2).where(size < delta, delta * (size - delta / 2))


def weighted_mean(values: "Tensor", weights: "Tensor") -> "Tensor":
    """Σwv / Σw over everything; 0 when nothing has weight. ``weights`` broadcast."""
    weights = weights.expand_as(values)
    return (values * weights).sum() / weights.sum().clamp(min=1e-9)


def second_differences(trajectory: "Tensor") -> "Tensor":
    """(T, ..., D) → (T - 2, ..., D): x(t+1) − 2x(t) + x(t−1); 0 at constant velocity."""
    return trajectory[2:] - 2 * trajectory[1:-1] + trajectory[:-2]


def trimmed(distances: "Tensor", real: "Tensor", trim_pct: float) -> "Tensor":
    """(T, P) weights: 1 for the nearest ``1 - trim_pct`` of each frame's real distances."""
    distances = distances.detach()
    ordered = distances.masked_fill(~real, inf).sort(dim=1).values
    kept = (real.sum(dim=1, keepdim=True) * (1 - trim_pct)).ceil().long()
    limit = ordered.gather(1, (kept - 1).clamp(min=0))
    return ((distances <= limit) & real).to(distances)
