"""Normal equations of residuals that couple each frame to a few neighbors, solved as a band."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Shaped
from scipy.linalg import solveh_banded

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.least_squares.robust import Loss

if TYPE_CHECKING:
    from torch import Tensor

    V = TypeVar("V", Array, Tensor)
else:
    V = Any  # whose shape alone is checked: torch stays unloaded


@dataclass
class NormalEquations:
    """H δ = −g of a cost ½ Σ w r² over x (T, P), the P unknowns of each of T frames.

    Residuals and their derivatives are numpy arrays or torch tensors (CPU, float64); the products
    are made by their own library.
    """

    frames: int
    size: int
    reach: int = 0
    """How many frames ahead a residual couples; with 0 the frames are independent of each other."""
    cost: float = 0.0
    """Of the residuals that were added; ``add_quadratic`` and ``hold`` do not count."""
    blocks: Array = field(init=False)
    """(reach + 1, T, P, P): ``blocks[k, t]`` of H couples frame t to frame t + k."""
    gradient: Array = field(init=False)
    """(T, P)."""

    def __post_init__(self) -> None:
        self.blocks = np.zeros((self.reach + 1, self.frames, self.size, self.size))
        self.gradient = np.zeros((self.frames, self.size))

    def add(
        self,
        residual: Shaped[V, "N M"],
        *jacobians: Shaped[V, "N M {self.size}"],
        weights: Shaped[V, "N M"] | None = None,
    ) -> None:
        """Residuals of N runs of consecutive frames, with weights w or 1.

        Run t has the frames t, t + 1, …; ``jacobians[k]`` is the derivative with respect
        to frame t + k. There is a run for each frame at which one fits: N = T − K + 1.
        """
        weighted = residual if weights is None else weights * residual
        self.cost += 0.5 * float((weighted * residual).sum())
        self._add_products(residual, jacobians, weights)

    def add_robust(
        self,
        residual: Shaped[V, "{self.frames} N M"],
        J: Shaped[V, "{self.frames} N M {self.size}"],
        confidence: Shaped[V, "{self.frames} N"],
        loss: Loss,
        bend: float,
    ) -> None:
        """N residual vectors per frame under c²/2 ρ(|r|²/c²), c = ``bend``.

        ``confidence`` weighs each vector.
        """
        squared = (residual * residual).sum(-1) / bend**2
        root = (confidence * loss.weight(squared)) ** 0.5
        whitened = (root[..., None] * residual).reshape(self.frames, -1)
        slope = (root[..., None, None] * J).reshape(self.frames, -1, self.size)
        self._add_products(whitened, (slope,), None)
        rho = loss.rho(np.asarray(squared))
        self.cost += 0.5 * bend**2 * float((np.asarray(confidence) * rho).sum())

    def add_differences(
        self,
        stencil: tuple[float, ...],
        values: Shaped[V, "{self.frames} M"],
        J: Shaped[V, "{self.frames} M {self.size}"],
        inverse_sigma: Shaped[V, "#N #M"],
    ) -> None:
        """The residuals Σ_k stencil_k v_{t+k} / σ of per-frame values.

        Fewer frames than the stencil has add nothing.
        """
        count = self.frames - len(stencil) + 1
        if count <= 0:
            return
        parts = [c * values[k : k + count] for k, c in enumerate(stencil)]
        slopes = [c * inverse_sigma[..., None] * J[k : k + count] for k, c in enumerate(stencil)]
        self.add(sum(parts[1:], start=parts[0]) * inverse_sigma, *slopes)

    def add_quadratic(
        self,
        H: Float[Array, "{self.frames} {self.size} {self.size}"],
        g: Float[Array, "{self.frames} {self.size}"],
    ) -> None:
        """½ δᵀ H δ + gᵀ δ per frame.

        A Gaussian of information Λ, from whose mean x is off by ξ, is H = Λ, g = Λ ξ.
        """
        self.blocks[0] += H
        self.gradient += g

    def hold(
        self, stiffness: float, frames: Bool[Mask, " {self.frames}"] | slice = slice(None)
    ) -> None:
        """Resist steps of the chosen frames; unlike a prior this does not move the minimum."""
        self.blocks[0][frames] += stiffness * np.eye(self.size)

    def _add_products(
        self,
        residual: Shaped[V, "N M"],
        jacobians: tuple[Shaped[V, "N M {self.size}"], ...],
        weights: Shaped[V, "N M"] | None,
    ) -> None:
        count = len(residual)
        for k, J in enumerate(jacobians):
            Jt = J.swapaxes(-1, -2)
            JtW = Jt if weights is None else Jt * weights[:, None, :]
            self.gradient[k : k + count] += np.asarray((JtW @ residual[..., None])[..., 0])
            for m in range(k, len(jacobians)):
                self.blocks[m - k, k : k + count] += np.asarray(JtW @ jacobians[m])

    def step(
        self, damping: float = 0.0, ridge: float | Array = 0.0
    ) -> Float[Array, "{self.frames} {self.size}"]:
        """δ of (H + damping · diag H + diag ridge) δ = −g; ``ridge`` broadcasts to (T, P).

        Independent frames are solved one by one (LU), coupled ones as one band (Cholesky). Raises
        numpy's LinAlgError when H is singular.
        """
        if min(self.reach, self.frames - 1) == 0:
            H = self.blocks[0].copy()
            diagonal = np.einsum("tii->ti", H)
            diagonal *= 1.0 + damping
            diagonal += ridge
            return np.linalg.solve(H, -self.gradient[..., None])[..., 0]
        band = self._band()
        band[0] *= 1.0 + damping
        band[0] += np.broadcast_to(ridge, self.gradient.shape).ravel()
        solution = solveh_banded(band, -self.gradient.ravel(), lower=True)
        return np.asarray(solution.reshape(self.frames, self.size))

    def _band(self) -> Float[Array, "rows columns"]:
        """Lower banded storage: row d, column c holds H[c + d, c]."""
        T, P = self.frames, self.size
        band = np.zeros(((self.reach + 1) * P, T * P))
        rows = np.arange(P)
        for k, block in enumerate(self.blocks):
            count = max(T - k, 0)
            # H[(t+k)P + b, tP + a] = block[t, a, b]: on diagonal d = kP + b - a of column tP + a.
            for a in range(P):
                d = k * P + rows - a
                band[d[d >= 0], a : count * P : P] = block[:count, a, d >= 0].T
        return band
