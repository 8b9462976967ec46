"""Triangle meshes as VTK's surfaces."""

from typing import Any

import numpy as np

from hoi_platform.core.geometry.mesh import TriangleMesh


def poly_data(mesh: TriangleMesh) -> Any:
    """The mesh as ``vtkPolyData`` with copies of its arrays."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    points, cells, surface = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(mesh.vertices, float), deep=True))
    offsets = np.arange(0, 3 * len(mesh.faces) + 1, 3, dtype=np.int64)
    corners = np.ascontiguousarray(mesh.faces, np.int64).ravel()
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(corners, deep=True)
    )
    surface.SetPoints(points)
    surface.SetPolys(cells)
    return surface
