"""The off-screen renderer against arithmetic and against the ray caster."""

from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid, transform_points
from hoi_platform.services.viewer.actors import SurfaceActor, vertex_normals
from hoi_platform.services.viewer.stage import Stage
from hoi_platform.services.viewer.surfaces import Surface
from hoi_platform_tests.hoi_samples import box_mesh

VERTICES, FACES = box_mesh((0.4, 0.3, 0.2))
T = rigid(matrix_from_axis_angle(np.array([0.3, -0.5, 0.9])), np.array([0.2, 0.1, 0.8]))
CAMERAS = [
    look_at(320, 180, 367.0, np.array([2.0, 1.0, 1.5]), np.array([0.0, 0.0, 0.8])),
    look_at(200, 260, 240.0, np.array([-1.0, 1.5, 0.4]), np.array([0.3, 0, 0.9]), roll=0.4),
]


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_cube_is_where_the_camera_projects_it(camera: Camera) -> None:
    """Overlays would be shifted, mirrored or scaled against the video."""
    with Stage(camera.width_px, camera.height_px) as stage:
        cube = SurfaceActor(Surface(VERTICES, FACES))
        cube.place(T)
        stage.add(cube.actor)
        stage.look_through(camera)
        seen = stage.render()[..., 3] > 0
    v, u = np.nonzero(seen)
    corners = camera.project(transform_points(T, VERTICES))
    found = [u.min(), v.min(), u.max() + 1, v.max() + 1]
    np.testing.assert_allclose(found, [*corners.min(axis=0), *corners.max(axis=0)], atol=1.0)
    expected = rasterize(camera, transform_points(T, VERTICES), FACES).silhouette
    assert (seen != expected).mean() < 1e-3


def test_a_deformed_surface_is_drawn_deformed() -> None:
    """The person would stay in the first frame's pose."""
    camera = CAMERAS[0]
    with Stage(camera.width_px, camera.height_px) as stage:
        actor = SurfaceActor(Surface(VERTICES, FACES))
        stage.add(actor.actor)
        actor.deform(transform_points(T, VERTICES))
        stage.look_through(camera)
        seen = stage.render()[..., 3] > 0
    expected = rasterize(camera, transform_points(T, VERTICES), FACES).silhouette
    assert (seen != expected).mean() < 1e-3


def test_the_map_shows_meters() -> None:
    """The top view would have another scale or orientation than it says."""
    with Stage(300, 200) as stage:
        box = Surface(np.array([[0, 0, 0], [0.5, 0, 0], [0.5, 0.25, 0]]), np.array([[0, 1, 2]]))
        stage.add(SurfaceActor(box).actor)
        stage.look_down(np.zeros(3), np.array([0.0, 1.0, 0.0]), 2.0)
        seen = stage.render()[..., 3] > 0
    v, u = np.nonzero(seen)
    np.testing.assert_allclose([u.min(), u.max() + 1], [150, 200], atol=1)  # +x to the right
    np.testing.assert_allclose([v.min(), v.max() + 1], [75, 100], atol=1)  # +y upward


def test_colors_and_texture_are_drawn() -> None:
    """Vertex colors or textures would be dropped, or a texture be upside down."""
    quad = np.array([[-1.0, 1, -1], [1, 1, -1], [1, 1, 1], [-1, 1, 1]])
    faces = np.array([[0, 2, 1], [0, 3, 2]])
    texture = np.zeros((8, 8, 3), np.uint8)
    texture[:4], texture[4:] = [255, 0, 0], [0, 0, 255]
    uv = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    camera = look_at(64, 64, 64.0, np.array([0.0, 4.0, 0.0]), np.zeros(3))
    colors = np.tile([0.0, 1.0, 0.0], (4, 1))
    for surface, top, bottom in (
        (Surface(quad, faces, texture=texture, uv=uv), 0, 2),
        (Surface(quad, faces, vertex_colors=colors), 1, 1),
    ):
        with Stage(64, 64) as stage:
            stage.add(SurfaceActor(surface).actor)
            stage.look_through(camera)
            image = stage.render()
        assert image[25, 32, :3].argmax() == top
        assert image[38, 32, :3].argmax() == bottom


def test_a_backdrop_is_opaque() -> None:
    """Views of the world would be black where nothing stands."""
    with Stage(32, 24, ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))) as stage:
        stage.look_through(CAMERAS[0])
        image = stage.render()
    assert (image[..., 3] == 255).all()
    assert image[0, :, :3].mean() > 200
    assert image[-1, :, :3].mean() < 50


def test_stages_give_their_memory_back() -> None:
    """A worker that draws hundreds of clips would run out of memory."""

    def resident_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    used = []
    for _ in range(8):
        with Stage(640, 360) as stage:
            stage.add(SurfaceActor(Surface(VERTICES, FACES)).actor)
            stage.look_through(CAMERAS[0])
            stage.render()
        used.append(resident_mb())
    assert used[-1] - used[2] < 30


def test_normals_point_outward() -> None:
    """Surfaces would be lit from inside."""
    normals = vertex_normals(VERTICES, FACES)
    assert (np.einsum("nd,nd->n", normals, VERTICES) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
