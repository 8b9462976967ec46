"""Inside or outside at the points of a grid, also for meshes with holes and overlapping parts."""

import numpy as np
from jaxtyping import Bool, Float, Int

from hoi_platform.core.arrays import Array, Indices, Mask
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.topology import is_consistently_wound, weld

_JITTER = np.array([1.3579e-4, 2.2361e-4, 3.1416e-4])
"""Offset of the rays from the grid's lines (cells), irrational so that they miss the edges of
axis-aligned shapes; chosen."""


def inside_grid(
    mesh: TriangleMesh, axes: tuple[Float[Array, " X"], Float[Array, " Y"], Float[Array, " Z"]]
) -> Bool[Mask, "X Y Z"]:
    """Whether each point of the grid spanned by three axes is inside.

    The mean over the six axis directions of the signed count of surface crossings estimates the
    generalized winding number (Jacobson et al. 2013, eq. 5, of which it is a quadrature); inside
    is above one half. It is exact for closed parts, however they overlap, and a vote where the
    surface has holes. Where neighboring triangles disagree on the outside, crossings have no
    sign and their parity votes instead.
    """
    signed = is_consistently_wound(weld(mesh))
    votes = np.zeros([len(axis) for axis in axes])
    for direction in range(3):
        votes += _vote_along(mesh, axes, direction, signed)
    return votes / 6 > 0.5


def _vote_along(
    mesh: TriangleMesh,
    axes: tuple[Float[Array, " X"], Float[Array, " Y"], Float[Array, " Z"]],
    direction: int,
    signed: bool,
) -> Float[Array, "X Y Z"]:
    """The sum of both rays' estimates along one axis."""
    order = [(direction + 1) % 3, (direction + 2) % 3, direction]
    u, v, w = (axes[k] for k in order)
    column, height, sign = _crossings(mesh.triangles[..., order], u, v, _JITTER[order[:2]])
    level = np.searchsorted(w, height)  # the first grid point above the crossing
    table = np.zeros((len(u) * len(v), len(w) + 1))
    np.add.at(table, (column, level), sign if signed else 1.0)
    below = np.cumsum(table, axis=1)[:, :-1]
    above = table.sum(axis=1, keepdims=True) - below
    # A ray downward leaves the surface by faces that look down (sign -1), upward by sign +1.
    estimate = (above - below) if signed else (below % 2 + above % 2)
    estimate = estimate.reshape(len(u), len(v), len(w))
    return np.moveaxis(estimate, (0, 1, 2), order)


def _crossings(
    triangles: Float[Array, "F 3 3"],
    u: Float[Array, " U"],
    v: Float[Array, " V"],
    jitter: Float[Array, "2"],
) -> tuple[Int[Indices, " n"], Float[Array, " n"], Float[Array, " n"]]:
    """Where the columns through (u, v) meet the triangles: column, height, sign of the normal."""
    step = u[1] - u[0]
    flat = (triangles[..., :2] - [u[0], v[0]]) / step - jitter  # in cells
    low = np.ceil(flat.min(axis=1)).astype(int).clip(0)
    high = np.floor(flat.max(axis=1)).astype(int)
    high = np.minimum(high, [len(u) - 1, len(v) - 1])
    span = (high - low + 1).clip(0)
    counts = span.prod(axis=1)
    face = np.arange(len(triangles)).repeat(counts)
    local = np.arange(counts.sum()) - (np.cumsum(counts) - counts)[face]
    i = low[face, 0] + local // span[face, 1]
    j = low[face, 1] + local % span[face, 1]
    weights, double_area = _barycentric(flat, face, np.stack([i, j], axis=-1))
    hit = (weights >= 0).all(axis=1) if len(weights) else np.zeros(0, bool)
    height = np.einsum("nk,nk->n", weights, triangles[face, :, 2])[hit]
    return (i * len(v) + j)[hit], height, np.sign(double_area)[hit]


def _barycentric(
    flat: Float[Array, "F 3 2"], face: Int[Indices, " n"], points: Int[Indices, "n 2"]
) -> tuple[Float[Array, "n 3"], Float[Array, " n"]]:
    a, b, c = (flat[face, k] - points for k in range(3))
    areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=-1)
    total = areas.sum(axis=-1)
    safe = np.where(total == 0, np.nan, total)
    return areas / safe[:, None], total


def _cross(a: Float[Array, "n 2"], b: Float[Array, "n 2"]) -> Float[Array, " n"]:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
