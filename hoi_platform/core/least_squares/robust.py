"""Robust losses: outliers count less than their square.

With s = |r|²/c² a residual r costs c²/2 ρ(s) instead of |r|²/2 (the convention of
``scipy.optimize.least_squares``). Its weight ρ′(s) makes reweighted least squares of it. All losses
have ρ(s) = s for small s; c is where they bend away.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from hoi_platform.core.arrays import Array

_DEVIATIONS: Final = 1.4826
"""Standard deviation per median of absolute values, of Gaussian noise; Rousseeuw and Croux 1993."""


def robust_deviation(residual: Array) -> float:
    """Standard deviation of residuals about 0 of which less than half are outliers."""
    return _DEVIATIONS * float(np.median(np.abs(residual)))


class Loss(NamedTuple):
    """A loss as functions of s, elementwise."""

    rho: Callable[[Array], Array]
    """ρ(s)."""
    weight: Callable[[Any], Any]
    """ρ′(s) in [0, 1]; also of torch tensors."""


CAUCHY: Final = Loss(np.log1p, lambda s: 1 / (1 + s))
"""Far residuals keep a pull that falls as 1/r: they come back when the fit comes near."""

TUKEY: Final = Loss(
    lambda s: (1 - np.clip(1 - s, 0, None) ** 3) / 3,
    lambda s: (1 - s).clip(min=0) ** 2,
)
"""Residuals beyond c have no pull at all (the biweight)."""
TUKEY_BEND: Final = 4.685
"""c in standard deviations; Beaton and Tukey 1974: 95 % efficiency on Gaussian noise."""

GEMAN_MCCLURE: Final = Loss(lambda s: s / (1 + s), lambda s: (1.0 + s) ** -2)
"""Far residuals hardly count: their cost is bounded (c²/2), their pull falls as 1/r³."""
