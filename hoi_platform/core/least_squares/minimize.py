"""Levenberg-Marquardt: Gauss-Newton whose damping grows when a step fails."""

from collections.abc import Callable
from math import isfinite
from typing import Final

from jaxtyping import Float
from torch import Tensor

from hoi_platform.core.errors import StageError
from hoi_platform.core.least_squares.normal_equations import NormalEquations

_FIRST_DAMPING: Final = 1e-3
"""Share of H's diagonal that is added to it; chosen: almost Gauss-Newton."""
_DAMPING_RANGE: Final = (1e-9, 1e6)
"""Least and greatest such share; chosen: no damping, and no motion."""
_GROWTH: Final = (5, 10)
"""Factors by which damping shrinks after a good step and grows after a bad one; chosen."""
_RIDGE: Final = 1e-9
"""Added to H's diagonal, in its unit; chosen: unknowns that nothing determines stay."""
_LEAST_GAIN: Final = 1e-4
"""Share of the cost; chosen: a step that gains less is the last."""


def minimize(
    equations: Callable[[Tensor], NormalEquations],
    x: Float[Tensor, "T P"],
    iterations: int,
    name: str,
) -> Float[Tensor, "T P"]:
    """Lower the cost from x by at most ``iterations`` accepted or rejected steps.

    ``equations`` linearizes the cost at an x. Raises StageError, which says that ``name`` diverged,
    when the cost is not a number.
    """
    damping, current = _FIRST_DAMPING, equations(x)
    for iteration in range(iterations):
        if not isfinite(current.cost):
            raise StageError(
                f"{name} diverged: after {iteration} iterations its cost is {current.cost}; look "
                "at the stage's inputs for values that are not finite or far out of range"
            )
        candidate = x + x.new_tensor(current.step(damping, _RIDGE))
        trial = equations(candidate)
        if not trial.cost < current.cost:
            damping = min(damping * _GROWTH[1], _DAMPING_RANGE[1])
            continue
        gain = (current.cost - trial.cost) / max(current.cost, 1e-12)
        x, current = candidate, trial
        damping = max(damping / _GROWTH[0], _DAMPING_RANGE[0])
        if gain < _LEAST_GAIN:
            break
    return x
