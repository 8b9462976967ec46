"""The exact signed distance to a surface, against closed forms and the grid."""

import numpy as np
import pytest

from hoi_platform.core.geometry.closest import ClosestPoints
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.surface_distance import SurfaceDistance

CUBE = TriangleMesh(
    np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)]),
    np.array(
        [
            [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5],  # x
            [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6],  # y
            [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],  # z
        ]
    ),
)  # fmt: skip
"""Of side 2 m, normals outward."""


def _cube_distance(points: np.ndarray) -> np.ndarray:
    beyond = np.abs(points) - 1
    outside = np.linalg.norm(np.maximum(beyond, 0), axis=-1)
    return outside + np.minimum(beyond.max(axis=-1), 0)


def test_it_is_right_at_faces_edges_and_corners() -> None:
    """A hand beside an edge of the body would count as in it, or one in it as beside it."""
    points = np.random.default_rng(0).uniform(-2, 2, (20, 100, 3))
    found = SurfaceDistance(CUBE).distance(points)
    assert found == pytest.approx(_cube_distance(points), abs=1e-12)
    assert min((found < 0).sum(), (found > 0).sum()) > 100


def test_an_open_surface_has_a_side() -> None:
    """The trunk's skin is open where the arms begin: nothing would ever be below it."""
    top = TriangleMesh(CUBE.vertices, CUBE.faces[-2:])
    points = np.array([[0.3, -0.2, 0.6], [0.3, -0.2, 1.4]])
    assert SurfaceDistance(top).distance(points) == pytest.approx([-0.4, 0.4], abs=1e-12)


def test_its_size_is_the_distance_to_the_closest_point() -> None:
    """Two ways to the nearest point of a mesh would give two answers."""
    rng = np.random.default_rng(1)
    mesh = TriangleMesh(rng.normal(size=(30, 3)), rng.integers(0, 30, (40, 3)))
    mesh = TriangleMesh(mesh.vertices, mesh.faces[mesh.areas > 1e-3])
    points = rng.normal(size=(200, 3))
    size = np.abs(SurfaceDistance(mesh).distance(points))
    assert size == pytest.approx(ClosestPoints(mesh).query(points)[0], abs=1e-9)
