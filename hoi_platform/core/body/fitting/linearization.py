"""Residual functions of single items, mapped over a batch and differentiated."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from hoi_platform.core.body.fitting.kinematics import Points
from hoi_platform.core.geometry.torch_rotations import matrix_from_axis_angle


class Linear(NamedTuple):
    """N residuals of m components per frame and their derivatives."""

    residual: Tensor  # (T, N, m)
    J: Tensor  # (T, N, m, P)


def linearize(
    f: Callable[..., Tensor], inputs: Tensor, *constants: Tensor
) -> tuple[Tensor, Tensor]:
    """f over a batch: inputs (T, N, *shape) → residuals (T, N, m), derivatives (T, N, m, *shape).

    ``constants`` broadcast to (T, N, ...).
    """
    T, N = inputs.shape[:2]
    flat = [c.expand(T, N, *c.shape[2:]).flatten(0, 1) for c in constants]
    items = inputs.flatten(0, 1)
    residual, J = vmap(f)(items, *flat), vmap(jacrev(f))(items, *flat)
    return residual.unflatten(0, (T, N)), J.unflatten(0, (T, N))


def of_points(f: Callable[..., Tensor], points: Points, *constants: Tensor) -> Linear:
    """A residual of single points, f: (3,) → (m,)."""
    residual, J = linearize(f, points.p, *constants)
    return Linear(residual, J @ points.J)


def of_bones(
    f: Callable[..., Tensor], points: Points, ends: list[tuple[int, int]], *constants: Tensor
) -> Linear:
    """A residual of pairs of points, f: (2, 3) → (m,)."""
    rows = [list(side) for side in zip(*ends, strict=True)]
    residual, J = linearize(f, torch.stack([points.p[:, r] for r in rows], dim=2), *constants)
    chained = J[..., 0, :] @ points.J[:, rows[0]] + J[..., 1, :] @ points.J[:, rows[1]]
    return Linear(residual, chained)


def of_rotations(
    f: Callable[..., Tensor],
    residuals: Tensor,
    reference: Tensor,
    rows: list[int],
    size: int,
    *constants: Tensor,
) -> Linear:
    """A residual of single local rotations, f: (3, 3) → (m,).

    ``residuals`` (T, J, 3) and ``reference`` (T, J, 3, 3) belong to all free joints, ``rows`` are
    those in question; the last 3 J of a frame's ``size`` unknowns are the residuals.
    """

    def of_axis_angle(a: Tensor, R: Tensor, *rest: Tensor) -> Tensor:
        return f(R @ matrix_from_axis_angle(a), *rest)

    residual, J = linearize(of_axis_angle, residuals[:, rows], reference[:, rows], *constants)
    first = size - 3 * residuals.shape[1]
    wide = torch.zeros(*J.shape[:3], size, dtype=J.dtype, device=J.device)
    for n, row in enumerate(rows):
        wide[:, n, :, first + 3 * row : first + 3 * row + 3] = J[:, n]
    return Linear(residual, wide)
