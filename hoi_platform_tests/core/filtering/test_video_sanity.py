"""``core.filtering.video_sanity`` and ``camera_motion`` against planted motions."""

from dataclasses import dataclass
from math import isnan

import cv2
import numpy as np
import pytest

from hoi_platform.core.filtering.camera_motion import measure_camera_motion
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.video_sanity import structural_similarity, video_checks
from hoi_platform.core.geometry.camera import Camera

_CAMERA = Camera(320, 180, 367.0, np.eye(4))


@dataclass(frozen=True)
class _Clip:
    frames: np.ndarray
    fps: float = 24.0


def _room(seed: int = 0) -> np.ndarray:
    """A smooth random texture (H, W, 3), float, gray values 40 to 200."""
    rng = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(rng.uniform(size=(180, 320, 3)), (0, 0), 4)
    return 40 + 160 * (texture - texture.min()) / np.ptp(texture)


def _moved(image: np.ndarray, shift=(0.0, 0.0), zoom=0.0, roll=0.0) -> np.ndarray:
    A = np.array([[1 + zoom, -roll], [roll, 1 + zoom]])
    center = np.array([160.0, 90.0]) - 0.5
    M = np.column_stack([A, center + shift - A @ center])
    return cv2.warpAffine(image, M, (320, 180), borderMode=cv2.BORDER_REFLECT)


def _clip(motions, noise: float = 6.0) -> _Clip:
    """A room seen by a moving camera, a person walking through it, and render noise."""
    rng, frames = np.random.default_rng(1), []
    for t, motion in enumerate(motions):
        image = _moved(_room(), **motion)
        image[50:150, 40 + 8 * t : 80 + 8 * t] = [180, 60, 50]
        image = image + rng.normal(0, noise, image.shape)
        frames.append(np.clip(image, 0, 255).astype(np.uint8))
    return _Clip(np.stack(frames))


def _by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_planted_camera_motion_is_recovered():
    """Shift, zoom or roll would have a wrong size or sign."""
    planted = [
        {},
        {"shift": (0.7, -0.4)},
        {"shift": (9.0, 5.0), "zoom": 0.02},
        {"shift": (3.0, 3.0), "roll": -0.015},
    ]
    gray = _clip(planted).frames.mean(axis=-1).astype(np.float32)
    motion = measure_camera_motion(gray)
    shifts = [p.get("shift", (0, 0)) for p in planted]
    np.testing.assert_allclose(motion.shift_px, shifts, atol=0.1)
    np.testing.assert_allclose(motion.zoom, [0, 0, 0.02, 0], atol=1e-3)
    np.testing.assert_allclose(motion.roll, [0, 0, 0, -0.015], atol=1e-3)


def test_translation_in_meters():
    """A camera that truly moves sideways or forward would be measured wrong."""
    gray = _clip([{}, {"shift": (5.0, 0.0)}, {"zoom": 0.03}]).frames.mean(axis=-1)
    meters = measure_camera_motion(gray.astype(np.float32)).translation_m(367.0, 3.0)
    np.testing.assert_allclose(meters, [0, 5 * 3 / 367, 0.03 * 3], atol=2e-3)


def test_a_good_clip_passes_every_check():
    """Noise, a walking person or their checks' order would reject good videos."""
    clip = _clip([{}] * 9)
    conditioning = _clip([{}], noise=0).frames[0]
    foreground = np.zeros((180, 320), bool)
    foreground[50:150, 40:80] = True
    checks = video_checks(
        clip,
        conditioning,
        _CAMERA,
        foreground=foreground,
        plate_depth=np.full((180, 320), 3.0),
        expected_frames=9,
        expected_fps=24.0,
    )
    assert [check.name for check in checks] == [
        "video_width",
        "video_height",
        "video_frames",
        "video_rate_error",
        "video_duration_error",
        "first_frame_psnr",
        "first_frame_ssim",
        "camera_shift",
        "camera_translation",
    ]
    assert [check.reason for check in checks if not check.passed] == []
    assert _by_name(checks)["camera_shift"].value < 0.2


@pytest.mark.parametrize(
    "drift", [{"shift": (0.4, 0.0)}, {"zoom": 0.004}, {"roll": 0.003}, {"shift": (0.0, -3.0)}]
)
def test_a_drifting_camera_fails(drift):
    """A slow pan, zoom or roll would reach the background model."""
    motions = [{key: np.multiply(value, t) for key, value in drift.items()} for t in range(9)]
    checks = _by_name(video_checks(_clip(motions), _clip([{}]).frames[0], _CAMERA))
    assert not checks["camera_shift"].passed
    assert checks["first_frame_psnr"].passed
    assert "camera_translation" not in checks


def test_another_first_frame_fails():
    """A video of another scene, or one that is shifted, would pass for its conditioning frame."""
    for wrong in (_room(seed=5), _moved(_room(), shift=(15.0, 4.0))):
        checks = _by_name(video_checks(_clip([{}] * 3), wrong.astype(np.uint8), _CAMERA))
        assert not checks["first_frame_psnr"].passed
        assert not checks["first_frame_ssim"].passed


def test_what_cannot_be_measured_does_not_pass():
    """A wall without structure, or a video of another size, would count as static."""
    blank = _Clip(np.full((3, 180, 320, 3), 128, np.uint8))
    checks = _by_name(video_checks(blank, blank.frames[0], _CAMERA))
    assert checks["first_frame_psnr"].passed
    assert isnan(checks["camera_shift"].value)
    assert not checks["camera_shift"].passed
    small = _Clip(np.zeros((3, 90, 320, 3), np.uint8))
    checks = _by_name(
        video_checks(small, blank.frames[0], _CAMERA, plate_depth=np.ones((180, 320)))
    )
    assert checks["video_width"].passed
    assert [name for name, check in checks.items() if isnan(check.value)] == [
        "first_frame_psnr",
        "first_frame_ssim",
        "camera_shift",
        "camera_translation",
    ]
    assert checks["video_height"].reason == "video_height is 90 px, allowed is exactly 180 px"


def test_wrong_number_of_frames_and_rate_fail():
    """A clip that was cut short or re-timed would pass."""
    clip = _clip([{}] * 5)
    checks = _by_name(
        video_checks(clip, clip.frames[0], _CAMERA, expected_frames=9, expected_fps=12.0)
    )
    for name in ("video_frames", "video_rate_error", "video_duration_error"):
        assert not checks[name].passed


def test_structural_similarity_of_an_image_with_itself_is_one():
    """The measure would not be SSIM: 1 for the same, near 0 for independent noise."""
    a, b = np.random.default_rng(0).uniform(0, 255, (2, 60, 80)).astype(np.float32)
    assert structural_similarity(a, a) == pytest.approx(1.0, abs=1e-5)
    assert abs(structural_similarity(a, b)) < 0.1
