"""Solids that do not move, as one interface: boxes in any pose and triangle meshes (world, m)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.closest import ClosestPoints
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.object_surface import enclosed

BOX_QUADS: Final = (
    (0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)
)  # fmt: skip
"""Corner i has the sign of bit 0, 1, 2 along x, y, z; counter-clockwise from outside. The numbering
is chosen."""
_FACES: Final = np.array([t for a, b, c, d in BOX_QUADS for t in ((a, b, c), (a, c, d))])
_CORNERS: Final = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)]) - 0.5
_LEVEL_STEP_M: Final = 0.1
"""Largest distance between two ``levels`` of a mesh (m); chosen."""
_CHUNK: Final = 256
"""Points that are compared with all triangles at once; chosen to bound memory."""
_EDGE: Final = 1e-9
"""Slack of barycentric coordinates, so that a point above an edge is above both of its triangles;
chosen a million times above float64's rounding."""


class Shape(Protocol):
    """What resting on, bumping into, walking over or drawing a solid requires."""

    def distance(self, points: Float[Array, "*batch 3"]) -> Float[Array, "*batch"]:
        """World points → signed distance, negative inside."""
        ...

    def top_at(self, xy: Float[Array, "*batch 2"]) -> Float[Array, "*batch"]:
        """Height of its highest point above or below each point, -inf beside it."""
        ...

    def rest_gap(self, vertices: Float[Array, "V 3"]) -> float:
        """How far an object with these vertices is from resting on it (m).

        The gap below it (penetration counts as well) and how far its middle is beside it, added
        as legs.
        """
        ...

    @property
    def levels(self) -> tuple[float, ...]:
        """Heights of its top on which shadows fall, at most 10 cm apart, highest first."""
        ...

    def surface(self) -> TriangleMesh:
        """Outward triangles."""
        ...


@dataclass(frozen=True, eq=False)
class BoxShape:
    """A box with its own axes."""

    center: Float[Array, "3"]
    size: Float[Array, "3"]  # full extents along its axes
    R_world_box: Float[Array, "3 3"] | None = None  # None: along the world's axes

    def _local(self, vectors: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
        return vectors if self.R_world_box is None else vectors @ self.R_world_box

    def distance(self, points: Float[Array, "*batch 3"]) -> Float[Array, "*batch"]:
        """Exact everywhere."""
        q = np.abs(self._local(points - self.center)) - self.size / 2
        outside = np.linalg.norm(np.maximum(q, 0), axis=-1)
        return outside + np.minimum(q.max(axis=-1), 0)

    def top_at(self, xy: Float[Array, "*batch 2"]) -> Float[Array, "*batch"]:
        """Where the vertical line through a point leaves the three slabs."""
        start = np.concatenate([xy - self.center[:2], np.zeros((*xy.shape[:-1], 1))], axis=-1)
        p, half = self._local(start), self.size / 2
        way = self._local(np.array([0.0, 0.0, 1.0]))
        along = np.abs(way) > 1e-12
        step = np.where(along, way, 1.0)
        ends = np.stack([(-half - p) / step, (half - p) / step])
        leaves = np.where(along, ends.max(axis=0), np.inf).min(axis=-1)
        enters = np.where(along, ends.min(axis=0), -np.inf).max(axis=-1)
        within = (along | (np.abs(p) <= half)).all(axis=-1) & (enters <= leaves)
        return np.where(within, self.center[2] + leaves, -np.inf)

    def rest_gap(self, vertices: Float[Array, "V 3"]) -> float:
        """``Shape.rest_gap`` on the face that looks up, which counts as endless."""
        if self.R_world_box is not None and abs(self.R_world_box[2]).max() < 1 - 1e-9:
            return MeshShape(self.surface()).rest_gap(vertices)
        gap = vertices[:, 2].min() - self.top
        middle = (vertices.min(axis=0) + vertices.max(axis=0))[:2] / 2
        offset = np.array([*(middle - self.center[:2]), 0.0])
        beside = np.maximum(np.abs(self._local(offset)) - self.size / 2, 0)
        return float(np.hypot(gap, np.linalg.norm(beside)))

    @property
    def top(self) -> float:
        """The height of its highest point."""
        up = np.array([0.0, 0.0, 1.0]) if self.R_world_box is None else abs(self.R_world_box[2])
        return float(self.center[2] + up @ (self.size / 2))

    @property
    def levels(self) -> tuple[float, ...]:
        """``Shape.levels``."""
        if self.R_world_box is None:
            return (self.top,)
        return MeshShape(self.surface()).levels

    def surface(self) -> TriangleMesh:
        """12 triangles; corners are ordered as in ``BOX_QUADS``."""
        corners = _CORNERS * self.size
        turned = corners if self.R_world_box is None else corners @ self.R_world_box.T
        return TriangleMesh(turned + self.center, _FACES.copy())


@dataclass(frozen=True, eq=False)
class MeshShape:
    """A closed triangle mesh in world coordinates."""

    mesh: TriangleMesh

    @cached_property
    def _closest(self) -> ClosestPoints:
        return ClosestPoints(self.mesh)

    def distance(self, points: Float[Array, "*batch 3"]) -> Float[Array, "*batch"]:
        """Exact, about 20 µs a point; the inside is decided by rays."""
        flat = points.reshape(-1, 3)
        distance = self._closest.query(flat)[0]
        low, high = self.mesh.bounds
        near = np.flatnonzero(((flat > low) & (flat < high)).all(axis=1))
        inside = near[enclosed(self.mesh, flat[near])]
        distance[inside] *= -1
        return distance.reshape(points.shape[:-1])

    def top_at(self, xy: Float[Array, "*batch 2"]) -> Float[Array, "*batch"]:
        """The highest triangle above each point; vertical ones have no area from above."""
        flat = xy.reshape(-1, 2)
        triangles = self._below(flat)
        parts = [_highest(flat[i : i + _CHUNK], triangles) for i in range(0, len(flat), _CHUNK)]
        return np.concatenate([np.zeros(0), *parts]).reshape(xy.shape[:-1])

    def _below(self, xy: Float[Array, "N 2"]) -> Float[Array, "F 3 3"]:
        """The triangles whose bounds from above overlap those of the points."""
        if not len(xy):
            return self.mesh.triangles[:0]
        corners = self.mesh.triangles[..., :2]
        apart = (corners.max(axis=1) < xy.min(axis=0)) | (corners.min(axis=1) > xy.max(axis=0))
        return self.mesh.triangles[~apart.any(axis=1)]

    def rest_gap(self, vertices: Float[Array, "V 3"]) -> float:
        """``Shape.rest_gap``; beside it, from the height of its highest point."""
        top = self.top_at(vertices[:, :2])
        over = np.isfinite(top)
        gap = (vertices[over, 2] - top[over]).min() if over.any() else (
            vertices[:, 2].min() - self.mesh.vertices[:, 2].max()
        )  # fmt: skip
        middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        return float(np.hypot(gap, self._beside(middle[:2])))

    def _beside(self, xy: Float[Array, "2"]) -> float:
        """How far a point is from the mesh as seen from above."""
        if np.isfinite(self.top_at(xy[None]))[0]:
            return 0.0
        flat = TriangleMesh(self.mesh.vertices * [1, 1, 0], self.mesh.faces)
        return float(ClosestPoints(flat).query(np.array([[*xy, 0.0]]))[0][0])

    @property
    def levels(self) -> tuple[float, ...]:
        """``Shape.levels`` over all of its height."""
        low, high = self.mesh.bounds[:, 2]
        count = 1 + int(np.ceil((high - low) / _LEVEL_STEP_M))
        return tuple(np.linspace(high, low, count).tolist())

    def surface(self) -> TriangleMesh:
        """The mesh itself."""
        return self.mesh


def _highest(xy: Float[Array, "N 2"], triangles: Float[Array, "F 3 3"]) -> Float[Array, " N"]:
    """Heights of the highest of the triangles above points, -inf for none."""
    if not len(triangles):
        return np.full(len(xy), -np.inf)
    a, b, c = (triangles[None, :, k, :2] - xy[:, None] for k in range(3))
    areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=-1)
    total = areas.sum(axis=-1, keepdims=True)
    flat: NDArray[np.bool_] = np.abs(total) > 1e-18
    weights = np.where(flat, areas / np.where(flat, total, 1.0), -1.0)
    height = np.einsum("nfk,fk->nf", weights, triangles[:, :, 2])
    return np.where((weights >= -_EDGE).all(axis=-1), height, -np.inf).max(axis=1)


def _cross(a: Float[Array, "*#batch 2"], b: Float[Array, "*#batch 2"]) -> Float[Array, "*batch"]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def least_distance(points: Float[Array, "N 3"], shapes: list[Shape]) -> float:
    """The least distance (m) of world points to any of the shapes, 0 when they touch.

    Shapes whose bounds are farther than the nearest one found are not looked at; inf for none.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    bounds = [shape.surface().bounds for shape in shapes]
    gaps = [np.maximum(np.maximum(b[0] - high, low - b[1]), 0) for b in bounds]
    least = np.inf
    for gap, i in sorted((float(np.linalg.norm(g)), i) for i, g in enumerate(gaps)):
        if gap >= least:
            break
        least = min(least, max(0.0, float(shapes[i].distance(points).min())))
    return least
