"""Levenberg-Marquardt over all frames at once."""

from collections.abc import Callable

import torch
from torch import Tensor

from hoi_platform.core.body.fitting.normal_equations import NormalEquations
from hoi_platform.core.errors import StageError

_FIRST_DAMPING = 1e-3
_MAX_DAMPING = 1e6
_MIN_GAIN = 1e-4


def minimize(equations: Callable[[Tensor], NormalEquations], x: Tensor, iterations: int) -> Tensor:
    """Lower the cost from x (T, P) by at most ``iterations`` accepted or rejected steps.

    Raises StageError when the cost is not a number.
    """
    damping = _FIRST_DAMPING
    current = equations(x)
    for _ in range(iterations):
        if not torch.isfinite(torch.tensor(current.cost)):
            raise StageError("the fit of the body diverged: its cost is not a number")
        candidate = x + current.step(damping)
        trial = equations(candidate)
        if not trial.cost < current.cost:
            damping = min(damping * 10, _MAX_DAMPING)
            continue
        gain = (current.cost - trial.cost) / max(current.cost, 1e-12)
        x, current, damping = candidate, trial, max(damping / 5, 1e-9)
        if gain < _MIN_GAIN:
            break
    return x
