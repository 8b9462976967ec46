"""Least squares over frames: per-frame blocks coupled to a few neighbors, solved as a band."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from scipy.linalg import solveh_banded
from torch import Tensor

from hoi_platform.core.body.fitting.linearization import Linear
from hoi_platform.core.geometry.rotations import Array

REACH: Final = 2
"""How many frames ahead a residual may couple: two, for second differences."""


@dataclass
class NormalEquations:
    """H δ = -g of a sum of squared residuals over x (T, P), H kept as blocks near the diagonal."""

    frames: int
    size: int
    cost: float = 0.0
    blocks: list[Tensor] = field(init=False)
    """``blocks[k][t]`` (P, P) couples frame t to frame t + k."""
    gradient: Tensor = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.frames, self.size, self.size)
        self.blocks = [torch.zeros(shape, dtype=torch.float64) for _ in range(REACH + 1)]
        self.gradient = torch.zeros(self.frames, self.size, dtype=torch.float64)

    def add_frame_residuals(self, residual: Tensor, J: Tensor) -> None:
        """Residuals (T, M) that depend on their own frame alone, J (T, M, P)."""
        self.cost += 0.5 * float(residual.square().sum())
        self.blocks[0] += J.transpose(1, 2) @ J
        self.gradient += (J.transpose(1, 2) @ residual[..., None])[..., 0]

    def add_robust(self, linear: Linear, confidence: Tensor, bend: float) -> None:
        """N residuals (T, N, m) under the Cauchy loss c²/2 log(1 + |r|²/c²), c = ``bend``.

        ``confidence`` (T, N) in [0, 1] weighs each.
        """
        squared = linear.residual.square().sum(-1) / bend**2
        root = (confidence / (1 + squared)).sqrt()
        residual, J = root[..., None] * linear.residual, root[..., None, None] * linear.J
        self.add_frame_residuals(residual.flatten(1), J.flatten(1, 2))
        self.cost -= 0.5 * float(residual.square().sum())
        self.cost += 0.5 * bend**2 * float((confidence * torch.log1p(squared)).sum())

    def add_differences(
        self, stencil: tuple[float, ...], values: Tensor, J: Tensor, weights: Tensor
    ) -> None:
        """The residuals w · Σ_k stencil_k values_{t+k} of per-frame values (T, M), J (T, M, P).

        ``weights`` broadcasts to (T - len(stencil) + 1, M).
        """
        count = self.frames - len(stencil) + 1
        if count <= 0:
            return
        residual = sum(c * values[k : k + count] for k, c in enumerate(stencil)) * weights
        self.cost += 0.5 * float(residual.square().sum())
        weights = weights.expand(residual.shape)
        for k, c in enumerate(stencil):
            weighted = c * weights[..., None] * J[k : k + count]
            self.gradient[k : k + count] += (weighted.mT @ residual[..., None])[..., 0]
            for m in range(k, len(stencil)):
                other = stencil[m] * weights[..., None] * J[m : m + count]
                self.blocks[m - k][k : k + count] += weighted.mT @ other

    def step(self, damping: float) -> Tensor:
        """The Levenberg-Marquardt step (T, P); ``damping`` scales H's diagonal."""
        band = self._band()
        band[0] *= 1.0 + damping
        band[0] += 1e-9
        solution = solveh_banded(
            band, -self.gradient.numpy().ravel(), lower=True, check_finite=False
        )
        return torch.as_tensor(solution).reshape(self.frames, self.size)

    def _band(self) -> Array:
        """Lower banded storage: row d, column c holds H[c + d, c]."""
        T, P = self.frames, self.size
        band = np.zeros(((REACH + 1) * P, T * P))
        rows = np.arange(P)
        for k, block in enumerate(self.blocks):
            # H[(t+k)P + b, tP + a] = block[t, a, b]: on diagonal d = kP + b - a of column tP + a.
            values = block.numpy()[: T - k]
            for a in range(P):
                d = k * P + rows - a
                keep = d >= 0
                band[d[keep], a : (T - k) * P : P] = values[:, a, keep].T
        return band
