"""Fewer triangles for pages that carry whole clips."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.services.viewer.actors import surface_polydata
from hoi_platform.services.viewer.surfaces import Surface


def light_topology(
    vertices: Array, faces: NDArray[np.integer], max_vertices: int
) -> tuple[Indices, Indices]:
    """Which vertices to keep (v,), and the triangles (f, 3) between them.

    Progressive decimation (Schroeder et al. 1992) keeps a subset of the vertices, so that every
    posed frame of a body is a selection from the full one. Holes are torn only where the limit
    cannot be met without.
    """
    if len(vertices) <= max_vertices:
        return np.arange(len(vertices)), np.asarray(faces, np.int64)
    for preserve in (True, False):
        kept, light = _decimated(vertices, faces, max_vertices, preserve)
        if len(kept) <= 1.2 * max_vertices:
            break
    return kept, light


def lightened(surface: Surface, max_vertices: int) -> Surface:
    """The same surface with at most about so many vertices, colors and texture kept."""
    kept, faces = light_topology(surface.vertices, surface.faces, max_vertices)
    return replace(
        surface,
        vertices=surface.vertices[kept],
        faces=faces,
        vertex_colors=None if surface.vertex_colors is None else surface.vertex_colors[kept],
        uv=None if surface.uv is None else surface.uv[kept],
    )


def _decimated(
    vertices: Array, faces: NDArray[np.integer], max_vertices: int, preserve: bool
) -> tuple[Indices, Indices]:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkDecimatePro

    decimate = vtkDecimatePro()
    decimate.SetInputData(surface_polydata(Surface(vertices, faces)))
    decimate.SetTargetReduction(1 - max_vertices / len(vertices))
    decimate.SetPreserveTopology(preserve)
    decimate.SetSplitting(not preserve)
    decimate.Update()
    output = decimate.GetOutput()
    left = vtk_to_numpy(output.GetPoints().GetData())
    corners = vtk_to_numpy(output.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    _, origin = cKDTree(vertices).query(left)
    used, compact = np.unique(origin[corners], return_inverse=True)
    return used.astype(np.int64), compact.reshape(-1, 3).astype(np.int64)
