"""Who is seen where: masks with mutual hiding, and the part of the picture that changes."""

import numpy as np

from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.transforms import rigid, transform_points
from hoi_platform.core.scene.actors import actor_masks, motion_border, static_depth
from hoi_platform.core.scene.boxes import box_mesh
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform_tests.core.scene.scenes import THING, standard_scene, stick_person


def _ahead(depth: float, size: float, name: str) -> tuple[TriangleMesh, np.ndarray]:
    """A cube in front of the sampled camera, and that camera's pose."""
    T = np.array(standard_scene().spec.camera.T_world_cam)
    cube = box_mesh(BoxSpec(pos=(0.0, 0.0, depth), size=(size, size, size), name=name))
    return cube.transformed(T), T


def test_nearer_actor_hides_the_farther_one() -> None:
    """Masks would overlap, or ignore who stands before whom."""
    spec = standard_scene().spec
    camera = spec.camera.camera()
    near, _ = _ahead(1.0, 0.1, "near")
    far, _ = _ahead(2.0, 0.4, "far")
    seen = actor_masks(camera, far, near, static_depth(spec))
    assert seen.object_mask.any()
    assert seen.human_mask.any()
    assert not (seen.object_mask & seen.human_mask).any()
    row, column = camera.height_px // 2, camera.width_px // 2
    assert seen.object_mask[row, column]
    np.testing.assert_allclose(seen.depth[row, column], 0.95, atol=1e-5)
    assert not actor_masks(camera, near, far, static_depth(spec)).object_mask[row, column]


def test_room_is_closed_and_hides_what_is_behind_its_walls() -> None:
    """Depth would have holes, or actors outside would be seen through walls."""
    spec = standard_scene().spec
    static = static_depth(spec)
    assert np.isfinite(static).all()
    outside, _ = _ahead(30.0, 1.0, "outside")
    seen = actor_masks(spec.camera.camera(), outside, outside, static)
    assert not seen.object_mask.any()
    np.testing.assert_array_equal(seen.depth, static)


def test_border_holds_all_that_moves_and_leaves_out_what_stands() -> None:
    """A moving hand would be cut off, or the whole picture be rendered for each frame."""
    spec, person = standard_scene().spec, stick_person()
    camera = spec.camera.camera()
    body = person.placed(np.array(spec.T_world_person))[0].vertices
    still = np.repeat(body[None], 5, axis=0)
    lift = rigid(np.eye(3), np.stack([np.zeros(5), np.zeros(5), np.linspace(0, 0.3, 5)], axis=-1))
    Ts_object = lift @ spec.T_world_object_array()
    border = motion_border(spec, still, Ts_object, THING)
    uv = camera.project(transform_points(Ts_object, THING.vertices)).reshape(-1, 2)
    assert border.x0 < uv[:, 0].min() < uv[:, 0].max() < border.x1
    assert border.y0 < uv[:, 1].min() < uv[:, 1].max() < border.y1
    assert (border.x1 - border.x0) * (border.y1 - border.y0) < 0.25 * 640 * 360
    moving = still.copy()
    moving[-1, :, 0] += 0.2
    wide = motion_border(spec, moving, Ts_object, THING)
    everyone = camera.project(moving.reshape(-1, 3))
    assert wide.x0 <= max(0, everyone[:, 0].min())
    assert wide.x1 >= min(640, everyone[:, 0].max())
