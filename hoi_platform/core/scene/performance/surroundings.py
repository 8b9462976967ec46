"""Signed distances to what a performance must not go through: the object and the table."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.scene.spec import BoxSpec


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


def box_distance(box: BoxSpec, points: Array) -> Array:
    """World points (..., 3) → signed distance (...) to an axis-aligned box, negative inside."""
    q = np.abs(points - np.array(box.pos)) - np.array(box.size) / 2
    outside = np.linalg.norm(np.maximum(q, 0), axis=-1)
    return outside + np.minimum(q.max(axis=-1), 0)
