"""Without evidence a joint stays as in the reference pose."""

from torch import Tensor


def pose_prior(residuals: Tensor, sigma: Tensor) -> Tensor:
    """residual / σ: axis-angle residuals (T, J, 3) in radians, σ (T, J, 3) → (T, J, 3)."""
    return residuals / sigma
