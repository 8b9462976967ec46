"""A planted foot does not move and lies on the ground."""

from typing import Final

from torch import Tensor

VELOCITY: Final = (-1.0, 1.0)
"""p_{t+1} - p_t, to be weighted by ``planted_through`` over the tolerated slide per frame."""


def planted_through(contact: Tensor) -> Tensor:
    """Probability (T - 1, N) that a foot is planted in two frames in a row, of (T, N)."""
    return (contact[1:] * contact[:-1]).sqrt()


def foot_height(p: Tensor, height: Tensor, contact: Tensor, sigma: Tensor) -> Tensor:
    """√c (z - height) / σ of one point of a sole in the world, (3,) → (1,)."""
    return contact.sqrt() * (p[2:] - height) / sigma
