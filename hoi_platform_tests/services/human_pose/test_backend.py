"""The socket refuses wrong shapes; crops and landmark tracks keep their geometry."""

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.camera import look_at
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.hands import without_doubles
from hoi_platform.services.vision.human_pose import HumanPoseRequest
from hoi_platform.services.vision.landmarks import Crop, LandmarkTrack
from hoi_platform_tests.hoi_samples import standing, stick_body

CAMERA = look_at(64, 36, 70.0, np.array([0.0, 3.0, 1.0]), np.array([0.0, 0.0, 0.9]))


def test_request_checks_its_shapes() -> None:
    """A mask of another size would misplace the crop around the person."""
    video = Video(np.zeros((2, 36, 64, 3), np.uint8), 24.0)
    with pytest.raises(BadInputError, match=r"\(36, 64\).*first human mask.*\(18, 32\)"):
        HumanPoseRequest(video, CAMERA, stick_body(), standing(1), np.zeros((18, 32), bool))
    with pytest.raises(BadInputError, match="has 2 frames, not 1"):
        HumanPoseRequest(video, CAMERA, stick_body(), standing(2), np.zeros((36, 64), bool))


def test_crop_is_cut_where_it_says() -> None:
    """Half a pixel lost in the crop is half a pixel in every landmark."""
    image = np.zeros((40, 60, 3), np.uint8)
    image[20, 30] = 255  # its center is (30.5, 20.5)
    crop = Crop(np.array([28.0, 22.0]), 16.0, 128)
    cut = crop.cut(image)[..., 0].astype(float)
    v, u = np.mgrid[:128, :128] + 0.5
    center = np.array([(cut * u).sum(), (cut * v).sum()]) / cut.sum()
    np.testing.assert_allclose(crop.to_image(center), [30.5, 20.5], atol=0.02)


def test_crop_around_mask_contains_it() -> None:
    """The person must be inside with room to move; no mask, no crop."""
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:30] = True
    crop = Crop.around_mask(mask, 0.5, 64)
    assert crop is not None
    np.testing.assert_allclose(crop.center_px, [25, 20])
    assert crop.side_px == 40
    assert Crop.around_mask(np.zeros((40, 60), bool), 0.5, 64) is None


def track(uv: np.ndarray, confidence: float = 0.9) -> LandmarkTrack:
    """A track whose metric landmarks fit its image at 100 px per m."""
    rows = np.full((*uv.shape[:2], 1), confidence)
    metric = np.concatenate([uv / 100, np.zeros_like(rows)], axis=-1)
    return LandmarkTrack(np.concatenate([uv, rows], axis=-1), metric)


def test_passes_that_disagree_are_doubted() -> None:
    """A landmark that jumps in the mirror is made up: half the confidence at the tolerance."""
    uv = np.random.default_rng(0).uniform(0, 100, (3, 5, 2))
    other = uv.copy()
    other[:, 2, 0] += 10.0  # 0.1 m
    averaged = track(uv).averaged(track(other, 0.8), tolerance_m=0.1)
    np.testing.assert_allclose(averaged.uv_confidence[:, 0, 2], 0.8)
    np.testing.assert_allclose(averaged.uv_confidence[:, 2, 2], 0.4)
    np.testing.assert_allclose(averaged.uv_confidence[:, 2, 0], uv[:, 2, 0] + 5)


def test_a_pass_that_found_nothing_leaves_the_other() -> None:
    """What only one pass detected would be lost, or trusted in full."""
    uv = np.random.default_rng(0).uniform(0, 100, (3, 5, 2))
    averaged = track(uv).averaged(LandmarkTrack.empty(3, 5), tolerance_m=0.1)
    np.testing.assert_allclose(averaged.uv_confidence[..., :2], uv)
    np.testing.assert_allclose(averaged.uv_confidence[..., 2], 0.63)


def test_mirror_twice_is_nothing() -> None:
    """The mirrored pass would end at other pixels."""
    once = track(np.random.default_rng(0).uniform(0, 100, (2, 5, 2)))
    twice = once.mirrored(640).mirrored(640)
    np.testing.assert_allclose(twice.uv_confidence, once.uv_confidence)
    np.testing.assert_allclose(twice.metric, once.metric)


def test_one_hand_of_the_image_belongs_to_one_side() -> None:
    """When both wrists claim the same hand, the surer keeps it and the other has none."""
    hand = np.random.default_rng(0).uniform(100, 130, (2, 21, 2))
    left, right = without_doubles(track(hand, 0.4), track(hand + 0.5, 0.9))
    assert not left.found.any()
    assert right.found.all()
    apart = without_doubles(track(hand, 0.4), track(hand + 200, 0.9))
    assert all(side.found.all() for side in apart)
