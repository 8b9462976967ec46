"""Exact signed distance to a surface: for meshes of which few points are asked once."""

from typing import Any

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.vtk_mesh import poly_data


class SurfaceDistance:
    """Signed distance to triangles that need not be closed; the side is that of the normals.

    VTK's, with the angle-weighted normals of Bærentzen and Aanæs (2005): right at edges and
    corners too. Beyond an open surface's rim the side is that of the rim's normals.
    """

    def __init__(self, mesh: TriangleMesh) -> None:
        from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

        self._distance: Any = vtkImplicitPolyDataDistance()
        self._distance.SetInput(poly_data(mesh))

    def distance(self, points: Array) -> Array:
        """Points (..., 3) → (...), negative below the surface."""
        from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkDoubleArray

        flat = np.ascontiguousarray(points.reshape(-1, 3), float)
        result = vtkDoubleArray()
        self._distance.FunctionValue(numpy_to_vtk(flat), result)
        return vtk_to_numpy(result).reshape(points.shape[:-1]).copy()
