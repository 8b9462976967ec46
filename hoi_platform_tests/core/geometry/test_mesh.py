"""Laws of triangle meshes, their topology and their nearest points."""

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.closest import ClosestPoints, closest_on_triangles
from hoi_platform.core.geometry.mesh import TriangleMesh, load_obj
from hoi_platform.core.geometry.normals import corner_normals
from hoi_platform.core.geometry.topology import MeshStatistics, lonely_faces, weld


def solid(shape: trimesh.Trimesh) -> TriangleMesh:
    return TriangleMesh(np.array(shape.vertices, float), np.array(shape.faces, np.int64))


def box(*size: float) -> TriangleMesh:
    return solid(trimesh.creation.box(size))


def test_samples_are_uniform_by_area() -> None:
    """Faces would be over- or under-sampled, and area-weighted losses biased."""
    mesh = box(1.0, 2.0, 4.0)
    n = 60_000
    points, normals = mesh.sample_surface(n, np.random.default_rng(0))
    top = (normals @ [0.0, 0.0, 1.0]) > 0.5
    assert top.mean() == pytest.approx(2 / 28, abs=4 * np.sqrt(2 / 28 / n))
    x, y = points[top, 0] + 0.5, (points[top, 1] + 1.0) / 2
    counts = np.histogram2d(x, y, bins=4, range=[[0, 1], [0, 1]])[0]
    expected = top.sum() / 16
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert chi_squared < 37.7  # 15 degrees of freedom, p = 0.001


def test_samples_lie_on_the_surface_with_its_normals() -> None:
    """Points off the surface would shift every contact and depth term."""
    sphere = solid(trimesh.creation.icosphere(subdivisions=3))
    points, normals = sphere.sample_surface(500, np.random.default_rng(1))
    assert np.linalg.norm(points, axis=1) == pytest.approx(1.0, abs=0.01)
    assert np.einsum("nd,nd->n", points, normals).min() > 0.99


def test_a_mesh_without_area_is_not_sampled() -> None:
    """NaN points would come out instead of an error."""
    flat = TriangleMesh(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    with pytest.raises(ValueError, match="without area"):
        flat.sample_surface(3, np.random.default_rng(0))


def test_statistics_of_a_box_match_arithmetic() -> None:
    """Volume, area or watertightness would be reported wrongly."""
    statistics = MeshStatistics.of(box(1.0, 2.0, 3.0))
    assert statistics.volume == pytest.approx(6.0)
    assert statistics.area == pytest.approx(22.0)
    assert statistics.extents == pytest.approx((1.0, 2.0, 3.0))
    assert (statistics.watertight, statistics.components) == (True, 1)


def test_seams_do_not_count_as_holes() -> None:
    """Every textured mesh would be called leaky, since its vertices are split at UV seams."""
    mesh = box(1.0, 1.0, 1.0)
    split = TriangleMesh(mesh.triangles.reshape(-1, 3), np.arange(36).reshape(-1, 3))
    assert lonely_faces(split) == 12
    assert MeshStatistics.of(split) == MeshStatistics.of(weld(split))
    assert MeshStatistics.of(split).watertight


@pytest.mark.parametrize("damage", ["hole", "flipped"])
def test_damage_is_not_watertight(damage: str) -> None:
    """A hole or a turned triangle would pass as a closed solid."""
    mesh = box(1.0, 1.0, 1.0)
    faces = mesh.faces.copy()
    faces = faces[1:] if damage == "hole" else np.concatenate([faces[:1, ::-1], faces[1:]])
    assert not MeshStatistics.of(TriangleMesh(mesh.vertices, faces)).watertight


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=12, max_size=12))
def test_nearest_point_of_a_triangle_is_nearer_than_any_other(numbers: list[float]) -> None:
    """|p − c| ≤ |p − x| forevery x of the triangle, degenerate triangles included."""
    p, triangle = np.array(numbers[:3]), np.array(numbers[3:]).reshape(3, 3)
    nearest = closest_on_triangles(p[None], triangle[None])[0]
    weights = np.random.default_rng(0).dirichlet([0.5] * 3, size=400)
    others = np.concatenate([weights @ triangle, triangle])
    assert np.linalg.norm(nearest - p) <= np.linalg.norm(others - p, axis=1).min() + 1e-9


def test_nearest_points_match_brute_force() -> None:
    """The locator would skip triangles and report distances that are too large."""
    mesh = solid(trimesh.creation.annulus(0.3, 1.0, 0.5))
    points = np.random.default_rng(2).uniform(-1.5, 1.5, (100, 3))
    distance, nearest, face = ClosestPoints(mesh).query(points)
    for k, p in enumerate(points):
        here = closest_on_triangles(np.broadcast_to(p, (len(mesh.faces), 3)), mesh.triangles)
        assert distance[k] == pytest.approx(np.linalg.norm(here - p, axis=1).min(), abs=1e-12)
        assert here[face[k]] == pytest.approx(nearest[k])


def test_corner_normals_are_sharp_on_a_box_and_smooth_on_a_sphere() -> None:
    """Boxes would be shaded like pillows or spheres like gems."""
    normals, index = corner_normals(box(1.0, 1.0, 1.0))
    assert len(normals) == 24
    assert np.sort(np.abs(normals), axis=1) == pytest.approx(np.tile([0, 0, 1], (24, 1)))
    assert normals[index[:, 0]] == pytest.approx(box(1.0, 1.0, 1.0).face_normals)
    sphere = solid(trimesh.creation.icosphere(subdivisions=3))
    normals, index = corner_normals(sphere)
    assert len(normals) == len(sphere.vertices)
    assert normals[index].reshape(-1, 3) == pytest.approx(
        sphere.vertices[sphere.faces].reshape(-1, 3), abs=0.02
    )


def test_load_obj_refuses_polygons(tmp_path) -> None:
    """A quad would be read as a triangle and half the surface be lost."""
    path = tmp_path / "quad.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n")
    with pytest.raises(BadInputError, match="not all of them triangles"):
        load_obj(path)
