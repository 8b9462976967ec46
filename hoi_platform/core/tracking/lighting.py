"""The lighting of a static scene as spherical harmonics of the surface normal.

Irradiance of order 2 reproduces a Lambertian surface's shading to about 1 % (Ramamoorthi and
Hanrahan 2001, "An Efficient Representation for Irradiance Environment Maps"). What a coat of
varnish or plastic reflects on top, whatever the color beneath, is a term of order 1: on black
rubber it is most of what is seen.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.least_squares.normal_equations import NormalEquations

_DIFFUSE: Final = 9
"""Number of spherical harmonics up to order 2, by definition."""
_GLOSS: Final = 4
"""Number of spherical harmonics up to order 1, by definition."""
_RIDGE: Final = np.array([1e-4] + 3 * [0.02] + 5 * [0.1] + [0.02] + 3 * [0.2])
"""Weight of zero for each coefficient, as a share of the data's; chosen: higher orders and gloss
must earn their place."""


def srgb_slope(linear: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
    """d sRGB / d linear, bounded near black."""
    x = np.clip(linear, 0.0031308, 1.0)
    return 1.055 / 2.4 * np.power(x, 1 / 2.4 - 1)


def _basis(n: Float[Array, "N 3"]) -> Float[Array, "N 9"]:
    x, y, z = n.T
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, z * x, x * x - y * y, 3 * z * z - 1]).T


def _basis_gradient(n: Float[Array, "N 3"]) -> Float[Array, "N 9 3"]:
    """(N, 9, 3)."""
    x, y, z = n.T
    o, i = np.zeros_like(x), np.ones_like(x)
    rows = [
        (o, o, o),
        (i, o, o),
        (o, i, o),
        (o, o, i),
        (y, x, o),
        (o, z, y),
        (z, o, x),
        (2 * x, -2 * y, o),
        (o, o, 6 * z),
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=1)


@dataclass(frozen=True)
class Lighting:
    """Light that a surface returns per color channel, as a function of its normal (camera axes)."""

    coefficients: Float[Array, "13 3"]  # irradiance over π of order 2, gloss of order 1

    def reflected(
        self, albedo: Float[Array, "N 3"], normals: Float[Array, "N 3"]
    ) -> Float[Array, "N 3"]:
        """Linear RGB of albedo and unit normals, not below zero."""
        basis = _basis(normals)
        diffuse = np.maximum(basis @ self.coefficients[:_DIFFUSE], 1e-3)
        gloss = np.maximum(basis[:, :_GLOSS] @ self.coefficients[_DIFFUSE:], 0.0)
        return albedo * diffuse + gloss

    def slope(
        self, albedo: Float[Array, "N 3"], normals: Float[Array, "N 3"]
    ) -> Float[Array, "N channels=3 axes=3"]:
        """d reflected / d normal."""
        gradient = _basis_gradient(normals)
        diffuse = np.einsum("nba,bc->nca", gradient, self.coefficients[:_DIFFUSE])
        gloss = np.einsum("nba,bc->nca", gradient[:, :_GLOSS], self.coefficients[_DIFFUSE:])
        return albedo[..., None] * diffuse + gloss


@dataclass
class LightingFit:
    """Ridge regression of the lighting, to which each frame adds what it shows."""

    _equations: NormalEquations = field(
        default_factory=lambda: NormalEquations(frames=3, size=_DIFFUSE + _GLOSS)
    )
    """One block per color channel."""

    def add(
        self,
        albedo: Float[Array, "N 3"],
        normals: Float[Array, "N 3"],
        observed: Float[Array, "N 3"],
        weights: Float[Array, " N"],
    ) -> None:
        """Observed linear colors of a surface, with weights."""
        basis = _basis(normals)
        gloss = np.broadcast_to(basis[:, :_GLOSS], (3, len(basis), _GLOSS))
        X = np.concatenate([albedo.T[:, :, None] * basis, gloss], axis=2)
        XtW = np.swapaxes(X, 1, 2) * weights
        self._equations.add_quadratic(XtW @ X, -np.einsum("cbn,nc->cb", XtW, observed))

    def solve(self) -> Lighting:
        """The regularized lighting. Raises ValueError when nothing was added."""
        of_data = self._equations.blocks[0, :, :1, 0]
        if not (of_data > 0).all():
            raise ValueError("no lit surface was added to the lighting fit")
        return Lighting(self._equations.step(ridge=of_data * _RIDGE).T)
