"""Nearest points of a mesh's surface."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.vtk_mesh import poly_data


class ClosestPoints:
    """Exact nearest-point queries on one mesh (VTK's cell locator, about 20 µs each)."""

    def __init__(self, mesh: TriangleMesh) -> None:
        self._locator = _locator(mesh)
        self._triangles = mesh.triangles

    def query(
        self, points: Float[Array, "N 3"]
    ) -> tuple[Float[Array, " N"], Float[Array, "N 3"], Int[Indices, " N"]]:
        """Points → distances, nearest surface points, their faces."""
        points = np.asarray(points, float).reshape(-1, 3)
        face = self._faces(points)
        nearest = closest_on_triangles(points, self._triangles[face])
        return np.linalg.norm(nearest - points, axis=1), nearest, face

    def _faces(self, points: Float[Array, "N 3"]) -> Int[Indices, " N"]:
        from vtkmodules.vtkCommonCore import reference
        from vtkmodules.vtkCommonDataModel import vtkGenericCell

        face = np.empty(len(points), np.int64)
        nearest, cell = [0.0, 0.0, 0.0], vtkGenericCell()
        number: Any = reference(0)
        part, squared = reference(0), reference(0.0)
        for row, point in enumerate(points.tolist()):
            self._locator.FindClosestPoint(point, nearest, cell, number, part, squared)
            face[row] = number.get()
        return face


def _locator(mesh: TriangleMesh) -> Any:
    from vtkmodules.vtkCommonDataModel import vtkStaticCellLocator

    locator = vtkStaticCellLocator()
    locator.SetDataSet(poly_data(mesh))
    locator.BuildLocator()
    return locator


def closest_on_triangles(
    p: Float[Array, "N 3"], triangles: Float[Array, "N 3 3"]
) -> Float[Array, "N 3"]:
    """The point of each triangle that is nearest to each point.

    Ericson, "Real-Time Collision Detection" (2005), section 5.1.5, as the better of the plane's
    foot point, where it lies inside, and the three edges' nearest points.
    """
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    edges = np.stack([_on_segment(p, a, b), _on_segment(p, b, c), _on_segment(p, c, a)], axis=1)
    distance = np.linalg.norm(edges - p[:, None], axis=-1)
    best = edges[np.arange(len(p)), distance.argmin(axis=1)]
    normal = np.cross(b - a, c - a)
    squared = np.einsum("nd,nd->n", normal, normal)
    inside = squared > 0
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= np.einsum("nd,nd->n", np.cross(normal, end - start), p - start) >= 0
    offset = np.einsum("nd,nd->n", p - a, normal) / np.where(squared > 0, squared, 1.0)
    return np.where(inside[:, None], p - offset[:, None] * normal, best)


def _on_segment(
    p: Float[Array, "N 3"], a: Float[Array, "N 3"], b: Float[Array, "N 3"]
) -> Float[Array, "N 3"]:
    along = b - a
    squared = np.einsum("nd,nd->n", along, along)
    t = np.einsum("nd,nd->n", p - a, along) / np.where(squared > 0, squared, 1.0)
    return a + np.clip(t, 0, 1)[:, None] * along
