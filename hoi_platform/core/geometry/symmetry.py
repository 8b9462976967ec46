"""Rotational symmetries of a shape (its texture is not looked at)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.closest import ClosestPoints
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle, unit

CONTINUOUS = 0
"""The order of an axis about which every angle is a symmetry; chosen, as no rotation has it."""
_PRIMES = (2, 3, 5, 7, 11)
"""Prime orders that are tried first; chosen: manufactured objects have no others."""
_ANGLES_DEG = (11.0, 23.0, 37.0, 61.0, 97.0, 149.0)
"""If all of these turns are symmetries, every turn is; chosen, as no order up to 12 has any of
them."""
_SAMPLES = 600
"""Surface points that are compared with the surface; chosen."""
_QUICK = 40
"""Outermost points that are compared first; chosen: most wrong turns fail on them."""
_DIAGONALS = (
    *((1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)),
    *((1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)),
)


@dataclass(frozen=True, eq=False)
class SymmetryAxis:
    """Turning by 2π/order about the line through ``point`` along ``axis`` changes nothing."""

    axis: Float[Array, "3"]  # unit
    order: int
    """0 = any angle, else at least 2 and as large as possible."""
    point: Float[Array, "3"]


def symmetry_axes(mesh: TriangleMesh, tolerance: float = 0.015) -> tuple[SymmetryAxis, ...]:
    """The axes about which the mesh looks the same, continuous ones first.

    A turn is a symmetry when 98 % of a surface sample lands within ``tolerance`` of the surface
    and all of it within four times that, relative to the radius about the centroid. A sphere
    has three perpendicular continuous axes, a cylinder one and one of order 2 across it
    (the others follow). Candidates are the principal axes of the surface, the coordinate axes
    with a cube's diagonals and, where principal moments coincide, the directions given by flat
    sides and those across the third axis at every 1.5 degrees.
    """
    test = _SelfComparison(mesh, tolerance)
    if all(test.order(axis) == CONTINUOUS for axis in np.eye(3)):
        return tuple(SymmetryAxis(axis, CONTINUOUS, test.center) for axis in np.eye(3))
    candidates = _candidates(mesh, test.center)
    main = next((axis for axis in candidates[:3] if test.order(axis) == CONTINUOUS), None)
    if main is not None:
        candidates = [main, _across(main)]  # all directions across it are alike
    found: list[SymmetryAxis] = []
    for axis in candidates:
        known = any(abs(axis @ other.axis) > np.cos(np.radians(4.0)) for other in found)
        order = None if known else test.order(axis)
        if order is not None:
            found.append(SymmetryAxis(axis, order, test.center))
    return tuple(sorted(found, key=lambda item: (item.order != CONTINUOUS, -item.order)))


def symmetry_rotations(axes: Sequence[SymmetryAxis], steps: int = 36) -> Float[Array, "N 3 3"]:
    """Rotations, identity first, that leave the shape alike; N is at most 1,000.

    The closure of all axes' turns; a continuous axis is represented by ``steps`` angles, a
    sphere by random rotations.
    """
    if sum(axis.order == CONTINUOUS for axis in axes) > 1:
        turned = Rotation.random(999, random_state=0).as_matrix()
        return np.concatenate([np.eye(3)[None], turned])
    orders = [steps if axis.order == CONTINUOUS else axis.order for axis in axes]
    turns = [
        matrix_from_axis_angle(axis.axis * 2 * np.pi * k / order)
        for axis, order in zip(axes, orders, strict=True)
        for k in range(1, order)
    ]
    group, frontier = [np.eye(3)], [np.eye(3)]
    while frontier and len(group) < 1000:
        frontier = _new([turn @ R for R in frontier for turn in turns], group)
        group += frontier
    return np.stack(group[:1000])


def _new(
    candidates: list[Float[Array, "3 3"]], known: list[Float[Array, "3 3"]]
) -> list[Float[Array, "3 3"]]:
    fresh: list[Array] = []
    for R in candidates:
        gaps = np.abs(np.stack(known + fresh) - R).max(axis=(1, 2))
        if gaps.min() > 1e-2:
            fresh.append(R)
    return fresh


class _SelfComparison:
    def __init__(self, mesh: TriangleMesh, tolerance: float) -> None:
        self.center = mesh.surface_centroid
        radius = float(np.linalg.norm(mesh.vertices - self.center, axis=1).max())
        self._limit = tolerance * radius
        self._surface = ClosestPoints(mesh)
        rng = np.random.default_rng(0)
        # The outermost vertices first: they reveal a wrong turn at once.
        sample = mesh.sample_surface(_SAMPLES, rng)[0] - self.center
        self._points = sample[np.argsort(-np.linalg.norm(sample, axis=1), kind="stable")]

    def order(self, axis: Float[Array, "3"]) -> int | None:
        """None when no turn about the axis is a symmetry."""
        if all(self._same(axis, np.radians(angle)) for angle in _ANGLES_DEG):
            return CONTINUOUS
        primes = [n for n in _PRIMES if self._same(axis, 2 * np.pi / n)]
        orders = [n for n in range(2, 13) if any(n % prime == 0 for prime in primes)]
        return max((n for n in orders if self._same(axis, 2 * np.pi / n)), default=None)

    def _same(self, axis: Float[Array, "3"], angle: float) -> bool:
        R = matrix_from_axis_angle(axis * angle)
        quick = self._distance(self._points[:_QUICK] @ R.T)
        if quick.max() > 4 * self._limit:
            return False
        distance = self._distance(self._points @ R.T)
        return bool(
            np.quantile(distance, 0.98) <= self._limit and distance.max() <= 4 * self._limit
        )

    def _distance(self, points: Float[Array, "N 3"]) -> Float[Array, " N"]:
        return self._surface.query(points + self.center)[0]


def _candidates(mesh: TriangleMesh, center: Float[Array, "3"]) -> list[Float[Array, "3"]]:
    moments, vectors = np.linalg.eigh(_second_moments(mesh, center))
    axes = [*vectors.T, *np.eye(3), *unit(np.array(_DIAGONALS, float))]
    degenerate = np.diff(moments) < 0.02 * moments.max()
    if degenerate.any():
        axes += _normal_axes(mesh)
    if degenerate.sum() == 1:
        first = int(degenerate.argmax())
        angle = np.radians(np.arange(0, 180, 1.5))[:, None]
        axes += list(np.cos(angle) * vectors[:, first] + np.sin(angle) * vectors[:, first + 1])
    return axes


def _second_moments(mesh: TriangleMesh, center: Float[Array, "3"]) -> Float[Array, "3 3"]:
    """∫ x xᵀ dA over the surface about ``center``, in closed form for each triangle."""
    corners = mesh.triangles - center
    total = corners.sum(axis=1)
    outer = np.einsum("fki,fkj->fij", corners, corners) + total[:, :, None] * total[:, None]
    return np.einsum("f,fij->ij", mesh.areas / 12, outer)


def _normal_axes(mesh: TriangleMesh) -> list[Float[Array, "3"]]:
    """Directions of the largest flat sides (at most eight), and their pairs' sums and products."""
    bins: dict[tuple[int, ...], Array] = {}
    for vector in mesh.area_vectors:
        key = tuple(np.round(20 * vector / max(np.linalg.norm(vector), 1e-300)).astype(int))
        bins[key] = bins.get(key, np.zeros(3)) + vector
    sides = sorted(bins.values(), key=lambda v: -float(np.linalg.norm(v)))[:8]
    normals = [unit(side) for side in sides if np.linalg.norm(side) > 0]
    axes = list(normals)
    for a, b in combinations(normals, 2):
        axes += [unit(v) for v in (a + b, a - b, np.cross(a, b)) if np.linalg.norm(v) > 0.1]
    triples = (sum(triple, np.zeros(3)) for triple in combinations(normals, 3))
    return axes + [unit(v) for v in triples if np.linalg.norm(v) > 0.1]


def _across(axis: Float[Array, "3"]) -> Float[Array, "3"]:
    return unit(np.cross(axis, np.eye(3)[np.abs(axis).argmin()]))
