"""The tracker on clips with a planted truth, drawn by another renderer than its own."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.rotations import rotation_angle
from hoi_platform.core.geometry.textured_mesh import TexturedMesh
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.library.cordless_drill import UNIT_M
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.core.tracking.surface import surface_of
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.core.tracking.tracker import TrackingInput, track_object
from hoi_platform_tests.core.tracking.planted import Clip, lift_and_turn, render_clip, table_camera

FRAMES = 16
_TABLE_Z = 0.75


def _mesh(name: str) -> TexturedMesh:
    unit = UNIT_M if name == "cordless_drill" else 1.0
    return BUILDERS[name]().mesh.transformed(np.diag([unit, unit, unit, 1.0]))


def _path(mesh: TexturedMesh, turn_deg: float = 40.0, height: float = 0.15) -> Array:
    bottom = mesh.geometry().vertices[:, 2].min()
    start = rigid(np.eye(3), np.array([0.0, 0.0, _TABLE_Z - bottom]))
    return lift_and_turn(FRAMES, height, turn_deg, np.array([0.3, 0.2, 1.0]), start)


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _clip(mesh: TexturedMesh, hand_px: float = 0.0, hidden: slice = slice(0, 0)) -> Clip:
    return render_clip(
        mesh,
        _path(mesh),
        table_camera(),
        _rng(),
        hand_radius_px=hand_px,
        hand_from=3,
        hidden=hidden,
    )


def _track(mesh: TexturedMesh, clip: Clip, static: bool = False) -> ObjectPoseTrack:
    T0 = clip.camera.T_cam_world @ clip.Ts_world_object[0]
    inputs = TrackingInput(
        frames=clip.frames,
        object_masks=clip.object_masks,
        human_masks=clip.human_masks,
        camera=clip.camera,
        surface=surface_of(mesh, np.ones(3), T0[2, 3] / clip.camera.focal_px),
        T_cam_object0=T0,
        fps=24.0,
        static=static,
    )
    return track_object(inputs, lambda _fraction, _text: None)


def _errors(track: ObjectPoseTrack, clip: Clip) -> tuple[Array, Array]:
    """Per frame: distance (mm) and angle (degrees) from the truth."""
    gap = track.Ts_world_object[:, :3, 3] - clip.Ts_world_object[:, :3, 3]
    angle = rotation_angle(track.Ts_world_object[:, :3, :3], clip.Ts_world_object[:, :3, :3])
    return 1000 * np.linalg.norm(gap, axis=-1), np.degrees(angle)


@pytest.mark.parametrize(
    ("name", "hand_px", "mm", "degrees"),
    [("cordless_drill", 7.0, 10, 2), ("box", 9.0, 10, 2), ("mug", 0.0, 12, 4)],
)
def test_a_lifted_and_turned_object_is_followed(
    name: str, hand_px: float, mm: float, degrees: float
) -> None:
    """Poses would drift, or lean on the hand that covers a part of the object."""
    mesh = _mesh(name)
    clip = _clip(mesh, hand_px)
    track = _track(mesh, clip)
    distance, angle = _errors(track, clip)
    assert not track.lost.any()
    assert distance.max() < mm
    assert angle.max() < degrees


def test_an_object_that_reappears_is_found_again() -> None:
    """A hand before the whole object would end the track for good, or would not be reported."""
    mesh = _mesh("cordless_drill")
    clip = _clip(mesh, 7.0, hidden=slice(8, 11))
    track = _track(mesh, clip)
    distance, angle = _errors(track, clip)
    assert set(np.flatnonzero(track.lost)) == {8, 9, 10}
    assert track.confidence[8:11].max() == 0
    assert distance[11:].max() < 15
    assert angle[11:].max() < 3
    assert distance[8:11].max() < 60


def test_a_plain_ball_does_not_spin() -> None:
    """The noise of a turn that no image shows would be stored as motion."""
    mesh = _mesh("ball")
    plain = replace(
        mesh,
        parts=tuple(
            replace(part, material=replace(part.material, texture=None, color=(0.8, 0.2, 0.2)))
            for part in mesh.parts
        ),
    )
    clip = render_clip(plain, _path(plain), table_camera(), _rng())
    track = _track(plain, clip)
    steps = rotation_angle(track.Ts_world_object[1:, :3, :3], track.Ts_world_object[:-1, :3, :3])
    assert np.degrees(steps).max() < 1.0
    assert _errors(track, clip)[0].max() < 40


def test_an_object_that_rests_keeps_its_exact_pose() -> None:
    """Noise would make a cup on a table tremble, or a chair drift from under its sitter."""
    mesh = _mesh("box")
    still = np.repeat(_path(mesh)[:1], FRAMES, axis=0)
    clip = render_clip(mesh, still, table_camera(), _rng(), hand_radius_px=6.0)
    for static in (False, True):
        track = _track(mesh, clip, static)
        assert np.allclose(track.Ts_world_object, still, atol=1e-9)
        assert not track.lost.any()


def _nothing(masks: np.ndarray) -> np.ndarray:
    return np.zeros_like(masks[3:])


def _a_speck(masks: np.ndarray) -> np.ndarray:
    speck = np.zeros_like(masks[3:])
    speck[:, 90:97, 160:167] = True
    return speck


def _a_border(masks: np.ndarray) -> np.ndarray:
    border = np.zeros_like(masks[3:])
    border[:, :, :4] = True
    return border


@pytest.mark.parametrize(
    "spoil", [_nothing, _a_speck, pytest.param(_a_border, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("name", ["hammer", pytest.param("ball", marks=pytest.mark.long)])
def test_wrong_masks_lower_the_confidence_and_end_nothing(
    name: str, spoil: Callable[[np.ndarray], np.ndarray]
) -> None:
    """A mask that jumped to something else would stop the clip with an error of the solver."""
    mesh = _mesh(name)
    clip = _clip(mesh, 6.0)
    masks = clip.object_masks.copy()
    masks[3:] = spoil(masks)
    track = _track(mesh, replace(clip, object_masks=masks & ~clip.human_masks))
    assert np.isfinite(track.Ts_world_object).all()
    assert track.confidence[-4:].max() < 0.5


def test_an_object_of_some_thousand_pixels_is_followed_at_1280_x_720() -> None:
    """A clip ended in an error of OpenCV: nine samples per pixel were too many for one remap."""
    mesh = _mesh("box")
    clip = render_clip(mesh, _path(mesh)[[0, 6]], table_camera(1280, 720, 2.4), _rng())
    assert 9 * clip.object_masks[0].sum() > 32_767
    track = _track(mesh, clip)
    assert not track.lost.any()
    assert _errors(track, clip)[0].max() < 15


def test_a_first_frame_without_the_object_is_refused() -> None:
    """The tracker would follow whatever stands where the object should be."""
    mesh = _mesh("box")
    clip = _clip(mesh)
    with pytest.raises(ValueError, match="frame 0 does not show the object"):
        _track(mesh, replace(clip, object_masks=np.zeros_like(clip.object_masks)))
