"""What is prepared of a frame, against slow references and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoi_platform.core.arrays import Array
from hoi_platform.core.tracking.frames import (
    capped_distance_px,
    frame_evidence,
    gradients,
    mask_at,
    plate_of,
    sampled,
    shrink_factor,
    shrunk_camera,
    shrunk_images,
    shrunk_masks,
)
from hoi_platform_tests.core.tracking import fields
from hoi_platform_tests.core.tracking.shots import CAMERA, CONFIG


def _slowly(image: Array, uv: Array) -> Array:
    """Bilinear between pixel centers at +0.5, the edges repeated."""
    h, w = image.shape[:2]
    values = []
    for u, v in uv - 0.5:
        column, row = int(np.floor(u)), int(np.floor(v))
        fu, fv = u - column, v - row
        total = 0.0
        for dr, dc, weight in (
            (0, 0, (1 - fu) * (1 - fv)),
            (0, 1, fu * (1 - fv)),
            (1, 0, (1 - fu) * fv),
            (1, 1, fu * fv),
        ):
            r, c = np.clip(row + dr, 0, h - 1), np.clip(column + dc, 0, w - 1)
            total = total + weight * image[r, c]
        values.append(total)
    return np.array(values)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 99), count=st.sampled_from([1, 2, 1023, 1024, 1025]))
def test_sampling_is_bilinear(seed: int, count: int) -> None:
    """Half a pixel of shift, or samples out of order where a row of the map ends."""
    rng = np.random.default_rng(seed)
    image = rng.random((9, 13, 3)).astype(np.float32)
    uv = rng.uniform(-2, 15, (count, 2))
    shown = rng.choice(count, min(count, 20), replace=False)
    # OpenCV interpolates on a grid of 1/32 pixel.
    assert sampled(image, uv)[shown] == pytest.approx(_slowly(image, uv[shown]), abs=0.04)
    assert sampled(image[..., 0], uv) == pytest.approx(sampled(image, uv)[:, 0])


@pytest.mark.parametrize("count", [0, 32_766, 32_767, 100_000])
def test_any_number_of_samples_is_read(count: int) -> None:
    """OpenCV refuses maps of 32,767 rows: an object of a few thousand pixels ended its clip."""
    image = np.repeat(fields.affine(np.array([0.01, 0.02]), 0.1)[..., None], 3, axis=-1)
    uv = np.random.default_rng(0).uniform(1, 100, (count, 2))
    values = sampled(image, uv)
    assert values.shape == (count, 3)
    assert values[:, 1] == pytest.approx(uv @ [0.01, 0.02] + 0.1, abs=1e-3)


def test_gradients_of_a_plane_are_its_slope() -> None:
    """u and v would be swapped, or a step of two pixels be taken for one."""
    du, dv = gradients(fields.affine(np.array([0.3, -0.2]), 1.0))
    assert du[:, 1:-1] == pytest.approx(0.3, abs=1e-5)
    assert dv[1:-1] == pytest.approx(-0.2, abs=1e-5)
    # At the border the edge repeats.
    assert du[:, 0] == pytest.approx(0.15, abs=1e-5)


@pytest.mark.parametrize("radius", [6.0, 15.0, 30.0])
def test_the_distance_to_a_disk(radius: float) -> None:
    """A rim would be drawn to a boundary beside the true one, or away from it."""
    center = np.array([80.0, 60.0])
    away = np.linalg.norm(fields.pixels() - center, axis=-1) - radius
    distance = capped_distance_px(away < 0)
    near = np.abs(away) < 10
    assert distance[near] == pytest.approx(away[near], abs=0.75)
    assert distance[near].mean() == pytest.approx(away[near].mean(), abs=0.15)
    assert distance.max() == pytest.approx(40.0)


def test_a_frame_holds_what_its_names_say() -> None:
    """The human's pixels would count as the object's, or the rim of the hand as trusted."""
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    mask, human = np.zeros((40, 60), bool), np.zeros((40, 60), bool)
    mask[10:30, 10:40] = True
    human[10:30, 30:50] = True
    plate = np.zeros((40, 60, 3), np.float32)
    frame = frame_evidence(rgb, mask, human, plate, CONFIG.blur_px)
    assert frame.image == pytest.approx(rgb / 255.0, abs=1e-6)
    assert np.array_equal(frame.mask, mask & ~human)
    assert frame.hidden[20, 29]
    assert not frame.hidden[20, 28]
    assert frame.hidden[human].all()
    # Left of the mask's left side the distance falls by one a pixel.
    assert frame.slope[20, 5] == pytest.approx([-1, 0], abs=0.02)
    assert [level.std() < frame.image.std() for level in frame.levels] == [True, True]
    assert frame.levels[0].std() < frame.levels[1].std()


def test_a_mask_is_read_at_the_nearest_pixel() -> None:
    """Points outside of the image or behind the camera (nan) would raise or wrap around."""
    mask = np.zeros((4, 6), bool)
    mask[2, 5] = True
    uv = np.array([[5.2, 2.9], [9.0, 2.5], [4.99, 2.5], [-3.0, 2.5], [np.nan, np.nan]])
    assert mask_at(mask, uv).tolist() == [True, True, False, False, False]


def test_the_plate_is_the_median_of_what_is_free() -> None:
    """An actor who stays for a while would be part of the scene."""
    frames = np.full((9, 30, 30, 3), 100, np.uint8)
    actors = np.zeros((9, 30, 30), bool)
    frames[:6, 10:20, 10:20] = 200
    actors[:6, 10:20, 10:20] = True
    frames[7, 15, 15] = 255  # a flicker
    actors[:, 28, 28] = True
    plate = plate_of(frames, actors)
    assert plate[15, 15] == pytest.approx(100 / 255)
    assert plate[2, 2] == pytest.approx(100 / 255)
    # Four pixels around what is always covered are unknown.
    assert np.isnan(plate[24:, 24:]).all()
    assert np.isfinite(plate[:23, :]).all()


@pytest.mark.parametrize(
    ("size", "width", "height", "factor"),
    [(40, 640, 360, 1), (149, 640, 360, 1), (150, 640, 360, 2), (400, 640, 360, 4),
     (300, 1280, 720, 2), (250, 641, 360, 1), (250, 640, 361, 1), (0, 640, 360, 1)],
)  # fmt: skip
def test_images_shrink_by_a_factor_that_divides_them(
    size: int, width: int, height: int, factor: int
) -> None:
    """Blocks would be cut off at the border, so that every pixel shifts."""
    mask = np.zeros((height, width), bool)
    mask[10 : 11 if size else 10, 5 : 5 + size] = True
    camera = type(CAMERA)(width, height, 700.0, np.eye(4))
    assert shrink_factor(camera, mask, 100.0) == factor


def test_a_shrunk_camera_sees_the_same_at_a_fraction_of_the_pixels() -> None:
    """The tracked pose would be scaled or shifted in depth."""
    small = shrunk_camera(CAMERA, 4)
    p = np.array([[0.1, -0.05, 0.9]])
    assert small.project_cam(p) * 4 == pytest.approx(CAMERA.project_cam(p))
    images = np.arange(8 * 12 * 3, dtype=np.uint8).reshape(1, 8, 12, 3)
    blocks = images.reshape(2, 4, 3, 4, 3).mean(axis=(1, 3))
    assert shrunk_images(images, 4)[0] == pytest.approx(blocks, abs=0.51)
    masks = np.zeros((1, 4, 4), bool)
    masks[0, :2, :1] = masks[0, 2, 2] = True
    assert shrunk_masks(masks, 2)[0].tolist() == [[True, False], [False, False]]
    assert shrunk_images(images, 1) is images
