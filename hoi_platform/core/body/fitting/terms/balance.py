"""Who stands still keeps the center of mass above the feet: resolves the depth of the trunk."""

from torch import Tensor


def balance(center: Tensor, target_xy: Tensor, standing: Tensor, sigma: Tensor) -> Tensor:
    """√standing (c_xy - target) / σ of the body's center of mass in the world: (3,) → (2,)."""
    return standing.sqrt() * (center[:2] - target_xy) / sigma
