"""VTK actors made from numpy arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.colors import RGB
from hoi_platform.services.viewer.surfaces import Surface


class SurfaceActor:
    """A surface that can be moved rigidly or deformed."""

    def __init__(self, surface: Surface, opacity: float = 1.0) -> None:
        from vtkmodules.vtkRenderingCore import vtkActor

        self._faces = surface.faces
        self._polydata = surface_polydata(surface)
        self.actor = vtkActor()
        self.actor.SetMapper(_mapper(self._polydata, surface.vertex_colors is not None))
        self._shade(surface.color, opacity)
        if surface.texture is not None:
            self.actor.SetTexture(_texture(surface.texture))
        self.deform(surface.vertices)

    def _shade(self, color: RGB, opacity: float) -> None:
        look = self.actor.GetProperty()
        look.SetColor(*color)
        look.SetOpacity(opacity)
        look.SetAmbient(0.25)
        look.SetDiffuse(0.8)
        look.SetSpecular(0.12)
        look.SetSpecularPower(20)
        look.SetInterpolationToPhong()

    def deform(self, vertices: Array) -> None:
        """Move the vertices (V, 3)."""
        from vtkmodules.util.numpy_support import numpy_to_vtk

        points = numpy_to_vtk(np.ascontiguousarray(vertices, np.float32), deep=True)
        normals = vertex_normals(vertices, self._faces).astype(np.float32)
        self._polydata.GetPoints().SetData(points)
        self._polydata.GetPointData().SetNormals(numpy_to_vtk(normals, deep=True))
        self._polydata.Modified()

    def place(self, T_world_object: Array) -> None:
        """Move the whole actor by a rigid (4, 4)."""
        from vtkmodules.vtkCommonMath import vtkMatrix4x4

        matrix = vtkMatrix4x4()
        matrix.DeepCopy(T_world_object.ravel().tolist())
        self.actor.SetUserMatrix(matrix)


def vertex_normals(vertices: Array, faces: NDArray[np.integer]) -> Array:
    """(V, 3) unit normals, weighted by the faces' areas; zero for vertices without a face."""
    corners = vertices[faces]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    index, count = faces.ravel(), len(vertices)
    summed = [np.bincount(index, np.repeat(area[:, k], 3), minlength=count) for k in range(3)]
    normals = np.stack(summed, axis=-1)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)


def line_actor(points: Array, color: RGB, width_px: float) -> Any:
    """A polyline through points (N, 3), drawn unshaded."""
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData, vtkPolyLine
    from vtkmodules.vtkRenderingCore import vtkActor

    places, line, cells = vtkPoints(), vtkPolyLine(), vtkCellArray()
    line.GetPointIds().SetNumberOfIds(len(points))
    for i, point in enumerate(points):
        places.InsertNextPoint(*point)
        line.GetPointIds().SetId(i, i)
    cells.InsertNextCell(line)
    polydata = vtkPolyData()
    polydata.SetPoints(places)
    polydata.SetLines(cells)
    actor = vtkActor()
    actor.SetMapper(_mapper(polydata, False))
    actor.GetProperty().SetColor(*color)
    actor.GetProperty().SetLineWidth(width_px)
    actor.GetProperty().LightingOff()
    return actor


def surface_polydata(surface: Surface) -> Any:
    """The surface as ``vtkPolyData`` with its colors or texture coordinates."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    cells = vtkCellArray()
    corners = np.ascontiguousarray(surface.faces, np.int64).ravel()
    cells.SetData(3, numpy_to_vtkIdTypeArray(corners, deep=True))
    polydata = vtkPolyData()
    places = vtkPoints()
    places.SetData(numpy_to_vtk(np.ascontiguousarray(surface.vertices, np.float32), deep=True))
    polydata.SetPoints(places)
    polydata.SetPolys(cells)
    if surface.vertex_colors is not None:
        rgb = (255 * np.clip(surface.vertex_colors, 0, 1)).round().astype(np.uint8)
        polydata.GetPointData().SetScalars(numpy_to_vtk(rgb, deep=True))
    if surface.texture is not None and surface.uv is not None:
        uv = np.ascontiguousarray(surface.uv, np.float32)
        polydata.GetPointData().SetTCoords(numpy_to_vtk(uv, deep=True))
    return polydata


def _mapper(polydata: Any, colored: bool) -> Any:
    from vtkmodules.vtkRenderingCore import vtkPolyDataMapper

    mapper = vtkPolyDataMapper()
    mapper.SetInputData(polydata)
    mapper.SetScalarVisibility(colored)
    return mapper


def _texture(image: NDArray[np.uint8]) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import vtkTexture

    height, width, channels = image.shape
    data = vtkImageData()
    data.SetDimensions(width, height, 1)
    rows = np.ascontiguousarray(image[::-1]).reshape(-1, channels)
    data.GetPointData().SetScalars(numpy_to_vtk(rows, deep=True))
    texture = vtkTexture()
    texture.SetInputData(data)
    texture.InterpolateOn()
    return texture
