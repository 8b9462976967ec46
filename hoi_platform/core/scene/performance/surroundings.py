"""Signed distances to what a performance must not go through: the object and the supports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import map_coordinates

from hoi_platform.core.arrays import Array
from hoi_platform.core.errors import StageError
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.geometry.shapes import BoxShape, Shape
from hoi_platform.core.scene.boxes import support_below
from hoi_platform.core.scene.parts import shape_of
from hoi_platform.core.scene.spec import SceneSpec

_BELOW_TOP_M: Final = 0.01
"""Meters below the top of a mesh at which its sides are looked for; chosen: in any tabletop."""


@dataclass(frozen=True)
class Solid:
    """The object as a solid in its own frame (meters)."""

    mesh: TriangleMesh
    grid: SignedDistanceGrid

    @classmethod
    def of(cls, mesh: TriangleMesh, resolution: int = 56) -> "Solid":
        return cls(mesh, SignedDistanceGrid.of(mesh, resolution))

    def distance(self, points: Array) -> Array:
        """(..., 3) in object coordinates → (...), negative inside.

        The rule of ``SignedDistanceGrid.sample`` in plain numpy: planning makes thousands of small
        queries, each too short to be worth a thread.
        """
        index = (points.reshape(-1, 3) - self.grid.origin).T / self.grid.cell
        last = np.array(self.grid.values.shape)[:, None] - 1.0
        clamped = np.clip(index, 0, last)
        inner = map_coordinates(self.grid.values, clamped, order=1, output=float)
        gap = self.grid.cell * np.linalg.norm(index - clamped, axis=0)
        return np.where(gap > 0, np.hypot(gap, inner), inner).reshape(points.shape[:-1])

    def outward(self, points: Array, step: float = 2e-3) -> Array:
        """Unit gradients (..., 3) of the distance, by central differences."""
        offsets = step * np.eye(3)
        gradient = np.stack(
            [self.distance(points + o) - self.distance(points - o) for o in offsets], axis=-1
        )
        return gradient / np.maximum(np.linalg.norm(gradient, axis=-1, keepdims=True), 1e-9)


@dataclass(frozen=True)
class Surroundings:
    """The supports of a scene, and the height at which the object lies on one of them."""

    shapes: tuple[Shape, ...]
    top: float
    """Height of the support's top below the object (m)."""
    level: float
    """A height within the support, at which its sides are (m)."""

    @classmethod
    def below_object(cls, spec: SceneSpec, mesh: TriangleMesh) -> "Surroundings":
        """Raises StageError where the object, in meters, lies on the floor."""
        vertices = mesh.transformed(spec.T_world_object_array()).vertices
        support = support_below(spec.supports, vertices)
        if support is None:
            names = ", ".join(part.name for part in spec.supports) or "none"
            raise StageError(
                f"{spec.clip_id}: this performance needs an object that lies on a support; it "
                f"lies on the floor (supports: {names}). Choose a scene of the kind table, or a "
                "task whose performance picks objects up from the floor"
            )
        shape = shape_of(support)
        middle = vertices.min(axis=0) + vertices.max(axis=0)
        if isinstance(shape, BoxShape):
            top, level = shape.top, float(shape.center[2])
        else:
            top = float(shape.top_at(middle[:2] / 2))
            level = top - _BELOW_TOP_M
        return cls(tuple(shape_of(part) for part in spec.supports), top, level)

    def distance(self, points: Array) -> Array:
        """World points (..., 3) → signed distance (...) to the nearest support."""
        return support_distance(self.shapes, points)


def support_distance(shapes: Sequence[Shape], points: Array) -> Array:
    """World points (..., 3) → least signed distance (...); inf without shapes."""
    least = np.full(points.shape[:-1], np.inf)
    for shape in shapes:
        least = np.minimum(least, shape.distance(points))
    return least
