"""Exact signed distances to a triangle mesh with Warp: not the grids that the generator reads."""

from functools import cache
from typing import Any

import numpy as np

from hoi_platform.core.arrays import Array


class Solid:
    """A closed mesh, or several that overlap: inside is where the winding number passes 1/2."""

    def __init__(self, vertices: Array, faces: np.ndarray) -> None:
        wp, _ = _warp()
        points = wp.array(np.ascontiguousarray(vertices, np.float32), dtype=wp.vec3, device="cpu")
        indices = wp.array(np.ascontiguousarray(faces, np.int32).ravel(), dtype=int, device="cpu")
        self._mesh = wp.Mesh(points, indices=indices, support_winding_number=True)

    def distance(self, points: Array, far_m: float = 1.0) -> Array:
        """Points (..., 3) → meters (...), negative inside, ``far_m`` when nothing is nearer."""
        wp, kernel = _warp()
        flat = np.ascontiguousarray(points.reshape(-1, 3), np.float32)
        result = wp.empty(len(flat), dtype=wp.float32, device="cpu")
        queries = wp.array(flat, dtype=wp.vec3, device="cpu")
        wp.launch(
            kernel, dim=len(flat), inputs=[self._mesh.id, queries, result, far_m], device="cpu"
        )
        return result.numpy().astype(float).reshape(points.shape[:-1])


@cache
def _warp() -> tuple[Any, Any]:
    """Warp and its kernel, compiled once per machine."""
    import warp as wp

    wp.config.log_level = wp.LOG_ERROR  # else it describes the machine in ten lines

    def query(
        mesh: wp.uint64,
        points: wp.array(dtype=wp.vec3),
        result: wp.array(dtype=wp.float32),
        far: float,
    ):
        i = wp.tid()
        found = wp.mesh_query_point_sign_winding_number(mesh, points[i], far, 2.0, 0.5)
        result[i] = far
        if found.result:
            nearest = wp.mesh_eval_position(mesh, found.face, found.u, found.v)
            result[i] = found.sign * wp.length(nearest - points[i])

    return wp, wp.kernel(query)
