"""The rasterizer against arithmetic and a slow reference."""

import numpy as np
import pytest
import trimesh

from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.raster import rasterize


def _camera(width=64, height=48, focal=60.0) -> Camera:
    return look_at(width, height, focal, np.array([2.0, -1.5, 1.2]), np.array([0.1, 0.2, 0.3]))


def _slow(camera: Camera, vertices, faces):
    """Möller-Trumbore forevery pixel and every face."""
    p_cam = camera.to_cam(vertices)
    a, b, c = p_cam[faces[:, 0]], p_cam[faces[:, 1]], p_cam[faces[:, 2]]
    depth, ids = np.full(camera.shape, np.nan), np.full(camera.shape, -1)
    uv = camera.pixel_centers()
    for row, column in np.ndindex(camera.shape):
        ray = np.append((uv[row, column] - np.array(camera.shape)[::-1] / 2) / camera.focal_px, 1.0)
        normal = np.cross(ray, c - a)
        det = np.einsum("fi,fi->f", b - a, normal)
        s = np.einsum("fi,fi->f", -a, normal) / det
        q = np.cross(-a, b - a)
        t = np.einsum("i,fi->f", ray, q) / det
        z = np.einsum("fi,fi->f", c - a, q) / det
        z = np.where((s >= 0) & (t >= 0) & (s + t <= 1) & (z > 0), z, np.inf)
        if np.isfinite(z).any():
            depth[row, column], ids[row, column] = z.min(), z.argmin()
    return depth, ids


def test_agrees_with_the_slow_reference():
    """Depth, face or silhouette of the fast path would be wrong."""
    camera, mesh = _camera(), trimesh.creation.icosphere(subdivisions=2, radius=0.7)
    depth, ids = _slow(camera, mesh.vertices, mesh.faces)
    raster = rasterize(camera, mesh.vertices, mesh.faces)
    assert (raster.face_ids >= 0).sum() > 500
    assert (raster.silhouette != (ids >= 0)).sum() <= 2
    assert np.mean(raster.face_ids == ids) > 0.995
    both = raster.silhouette & (ids >= 0)
    np.testing.assert_allclose(raster.depth[both], depth[both], atol=1e-5)


def test_camera_inside_a_sphere_sees_one_distance():
    """Rays would leak between faces, miss back faces, or depth be ray length instead of z."""
    camera = look_at(80, 60, 40.0, np.zeros(3), np.array([1.0, 0.3, 0.2]))
    mesh = trimesh.creation.icosphere(subdivisions=5, radius=2.0)
    raster = rasterize(camera, mesh.vertices, mesh.faces)
    assert raster.silhouette.all()
    distance = np.linalg.norm(camera.unproject(camera.pixel_centers(), raster.depth), axis=-1)
    np.testing.assert_allclose(distance, 2.0, atol=2e-3)
    assert raster.depth.min() < 1.6  # z-depth in the image corner: 2 cos(51°) = 1.25


def test_cube_corner():
    """The nearest corner of a cube would not be where arithmetic says."""
    corner = np.array([1.0, 1.0, 1.0])
    camera = look_at(81, 81, 300.0, 3 * corner, np.zeros(3))
    mesh = trimesh.creation.box(extents=(2, 2, 2))
    depth = rasterize(camera, mesh.vertices, mesh.faces).depth
    assert depth[40, 40] == pytest.approx(2 * np.sqrt(3), abs=1e-5)
    assert np.nanargmin(depth) == 40 * 81 + 40


def test_a_plane_facing_the_camera_has_one_z_depth():
    """Depth would be the ray's length."""
    camera = Camera(64, 48, 40.0, np.eye(4))
    square = np.array([[-9.0, -9, 3], [9, -9, 3], [9, 9, 3], [-9, 9, 3]])
    depth = rasterize(camera, square, np.array([[0, 1, 2], [0, 2, 3]])).depth
    np.testing.assert_allclose(depth, 3.0, atol=1e-6)


def test_stride_sees_the_block_centers():
    """A strided image would be shifted against the full one."""
    camera, mesh = _camera(66, 48), trimesh.creation.icosphere(subdivisions=3, radius=0.7)
    full = rasterize(camera, mesh.vertices, mesh.faces).depth
    third = rasterize(camera, mesh.vertices, mesh.faces, stride=3).depth
    assert third.shape == (16, 22)
    np.testing.assert_array_equal(third, full[1::3, 1::3])


def test_faces_that_reach_behind_the_camera_are_kept():
    """The floor under the camera would vanish from the image."""
    camera = look_at(32, 24, 20.0, np.array([0, 0, 1.0]), np.array([1.0, 0, 0.5]))
    floor = np.array([[-50.0, -50, 0], [50, -50, 0], [50, 50, 0], [-50, 50, 0]])
    raster = rasterize(camera, floor, np.array([[0, 1, 2], [0, 2, 3]]))
    p = camera.unproject(camera.pixel_centers(), raster.depth)
    assert raster.silhouette[12:].all()
    np.testing.assert_allclose(p[raster.silhouette][:, 2], 0.0, atol=1e-3)


def test_out_of_view_and_empty_meshes_are_missed():
    """A mesh beside or behind the camera, or without faces, would crash or leave marks."""
    camera, mesh = Camera(32, 24, 20.0, np.eye(4)), trimesh.creation.box()
    for offset in ([0, 0, -3], [30, 0, 3]):
        raster = rasterize(camera, mesh.vertices + offset, mesh.faces)
        assert not raster.silhouette.any()
        assert np.isnan(raster.depth).all()
    assert not rasterize(camera, np.zeros((0, 3)), np.zeros((0, 3), int)).silhouette.any()


def test_bad_input_is_told():
    """A wrong stride, face index or vertex would crash deep in native code or pass unseen."""
    camera, mesh = _camera(), trimesh.creation.box()
    with pytest.raises(ValueError, match="stride is 0; allowed are 1 to 48"):
        rasterize(camera, mesh.vertices, mesh.faces, stride=0)
    with pytest.raises(ValueError, match="outside of 0 to 7"):
        rasterize(camera, mesh.vertices, mesh.faces + 5)
    with pytest.raises(ValueError, match="1 of 8 vertices"):
        rasterize(camera, np.vstack([mesh.vertices[:7], [[np.nan] * 3]]), mesh.faces)
