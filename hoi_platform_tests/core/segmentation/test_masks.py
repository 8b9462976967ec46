"""Histograms, gates, image utilities and the fitted body's view of ``core.segmentation``."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mask_distance import signed_distance_px
from hoi_platform.core.segmentation.appearance import ColorHistogram, color_codes
from hoi_platform.core.segmentation.body_view import PARTS, BodyView, compose_depth
from hoi_platform.core.segmentation.config import GateConfig
from hoi_platform.core.segmentation.gates import Areas, Measured, gated, iou, ramp
from hoi_platform.core.segmentation.images import (
    WHOLE,
    cleaned,
    components,
    placed,
    resized_mask,
    window_around,
    working_shape,
)
from hoi_platform.core.segmentation.likelihood import FirstFrame

_GATES = GateConfig()
_AREAS = Areas(first=480, last=510, usual=500.0)
_SOUND = Measured(500, _AREAS, overlap=0.9, color_support=0.9, left_out=0.05, body_overlap=0.9)


def _codes(color, count=200, spread=6.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    pixels = np.clip(rng.normal(color, spread, (1, count, 3)), 0, 255).astype(np.uint8)
    return color_codes(pixels).ravel()


def test_densities_integrate_to_one():
    """Colors of different models could not be compared."""
    density = ColorHistogram.of(_codes([200, 60, 30])).density()
    assert density.sum() * (256**3 / len(density)) == pytest.approx(1.0, abs=1e-3)


def test_a_color_is_known_in_light_and_shade_but_not_in_another_hue():
    """An object that turns to the light would be lost, or any color pass for it."""
    density = ColorHistogram.of(_codes([200, 60, 30])).density()
    own, shaded, other = (
        density[_codes(color)].mean() for color in ([200, 60, 30], [165, 50, 25], [30, 60, 200])
    )
    assert own > shaded > 20 * other


def test_first_colors_never_fade():
    """An object's model would drift to whatever is learned and lose the object."""
    model = ColorHistogram.of(_codes([200, 60, 30]))
    before = model.density()[_codes([200, 60, 30])].mean()
    for _ in range(200):
        model = model.updated(_codes([30, 60, 200]), 0.1)
    assert model.density()[_codes([200, 60, 30])].mean() > 0.45 * before


def test_an_empty_model_learns_from_the_first_pixels_it_gets():
    """A body part that is hidden in the first frame would stay colorless."""
    model = ColorHistogram.of(np.zeros(0, np.int64))
    assert not model.density().any()
    assert model.updated(_codes([200, 60, 30]), 0.05).pixels == 200


def test_the_first_frame_decides_where_nothing_has_changed():
    """A gray object before a gray wall would dissolve while it rests."""
    labels = np.zeros((3, 4, 4), bool)
    labels[2] = True
    image = np.full((4, 4, 3), 120.0, np.float32)
    first = FirstFrame(image, labels, np.full((4, 4), 3.0, np.float32))
    flat = np.full((3, 4, 4), 1e-6, np.float32)
    same, moved = (first.mixed_into(flat, shown, WHOLE, 0.5) for shown in (image, image + 40))
    assert (same[2] > 100 * same[0]).all()
    assert (moved[2] < moved[0]).all()


def test_a_sound_mask_passes_every_gate():
    """Good masks would be doubted."""
    assert gated("object", _SOUND, _GATES) == (1.0, (), False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"area": 120, "areas": _AREAS._replace(last=130)}, "its area is 24 % of the usual"),
        ({"areas": _AREAS._replace(last=200)}, "its area changed by a factor of 2.50"),
        ({"areas": _AREAS._replace(first=125)}, "its area is 4.0 times the first"),
        ({"overlap": 0.4}, "its IoU with the outline expected there is 0.40"),
        ({"color_support": 0.5}, "the colors of only 50 % of it are its own"),
        ({"left_out": 0.7}, "70 % as much again beside it has its colors"),
        ({"body_overlap": 0.3}, "its IoU with the fitted body's silhouette is 0.30"),
    ],
)
def test_each_gate_fires_with_its_reason(change, reason):
    """A mask that jumps, shrinks, grows, changes color or misses the body would be trusted."""
    result = gated("object", replace(_SOUND, **change), _GATES)
    assert result.reasons == (f"object: {reason}",)
    assert result.confidence < 0.5
    assert result.foreign == ("color_support" in change)


def test_ramp_and_iou():
    """Scores would leave 0 to 1, or empty masks divide by zero."""
    assert [ramp(v, (0.2, 0.6)) for v in (0.0, 0.4, 0.9)] == pytest.approx([0, 0.5, 1])
    assert [ramp(v, (3.0, 1.0)) for v in (4.0, 2.0, 0.5)] == pytest.approx([0, 0.5, 1])
    empty, full = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    assert iou(empty, empty) == 1.0
    assert iou(empty, full) == 0.0


def test_windows():
    """Crops would miss what they are meant to contain."""
    mask = np.zeros((20, 30), bool)
    assert not mask[window_around(mask, 6)].size
    mask[4:6, 7:12] = True
    window = window_around(mask)
    assert window == (slice(4, 6), slice(7, 12))
    assert window_around(mask, 6) == (slice(0, 12), slice(1, 18))
    np.testing.assert_array_equal(placed(mask[window], window, (20, 30)), mask)


def test_specks_holes_and_distant_parts_are_cleaned():
    """Single wrong pixels would become holes and islands of the mask."""
    mask = np.zeros((30, 40), bool)
    mask[5:25, 5:25] = True
    mask[10:12, 10:12] = False
    clean = mask.copy()
    clean[10:12, 10:12] = True
    mask[2, 30] = mask[20:26, 32:38] = True
    near = np.zeros_like(mask)
    near[15, 15] = True
    np.testing.assert_array_equal(cleaned(mask, near, 8), clean)
    assert [int(region.sum()) for region in components(mask, 8)] == [396, 36]


def test_masks_survive_a_change_of_size():
    """Outlines at the video's size would be shifted, shrunk or stair-stepped."""
    rows, columns = np.indices((360, 640)) + 0.5
    large = np.hypot(columns - 200.3, rows - 150.7) < 61
    small = resized_mask(large, (180, 320))
    rows, columns = 2 * (np.indices((180, 320)) + 0.5)
    assert iou(small, np.hypot(columns - 200.3, rows - 150.7) < 61) > 0.98
    assert iou(resized_mask(small, (360, 640)), large) > 0.98
    assert not resized_mask(np.zeros((10, 10), bool), (20, 20)).any()
    assert resized_mask(np.ones((10, 10), bool), (20, 20)).all()
    assert working_shape((720, 1280)) == (360, 640)
    assert working_shape((180, 320)) == (180, 320)


def _cube_view(plate_m: float) -> BodyView:
    camera = Camera(60, 40, 50.0, np.eye(4))
    cube = trimesh.creation.box((1, 1, 1))
    parts = np.full(len(cube.faces), PARTS.index("hand"), np.int8)
    plate = np.full((40, 60), plate_m)
    return BodyView.of(camera, cube.vertices + np.array([0, 0, 3]), cube.faces, parts, plate)


def test_a_body_behind_the_scene_is_not_seen():
    """Legs behind a table would be predicted in front of it."""
    seen, hidden, touching = _cube_view(9.0), _cube_view(1.0), _cube_view(2.48)
    np.testing.assert_allclose(np.nanmin(seen.depth), 2.5, atol=1e-4)
    assert (hidden.parts_image() == -1).all()
    assert np.isnan(hidden.depth_image()).all()
    np.testing.assert_array_equal(touching.parts_image(), seen.parts_image())
    assert set(np.unique(seen.parts_image())) == {-1, PARTS.index("hand")}
    assert seen.parts_image((20, 30)).shape == (20, 30)


def test_depth_is_the_plates_the_bodys_or_unknown():
    """A pixel would get the depth of something that it does not show."""
    view = _cube_view(9.0)
    silhouette = view.parts_image() >= 0
    human, unknown = silhouette.copy(), np.zeros((40, 60), bool)
    human[:, :8] = True  # the mask says person where the body is not
    unknown[18:22, 28:32] = unknown[:4, 50:] = True
    human &= ~unknown
    depth = compose_depth(np.full((40, 60), 9.0), view, human, unknown)
    assert np.isnan(depth[unknown]).all()
    assert np.isnan(depth[:, :8]).all()
    assert (depth[~(silhouette | unknown | human)] == 9.0).all()
    inner = human & (signed_distance_px(silhouette, "exact") < -3)
    np.testing.assert_allclose(depth[inner], 2.5, atol=1e-4)
