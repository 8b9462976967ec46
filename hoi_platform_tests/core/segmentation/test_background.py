"""The background model against planted noise, shadows and tones."""

import numpy as np
import pytest

from hoi_platform.core.segmentation.background import (
    UNIFORM_LOG_DENSITY,
    _slope,
    exposure_gain,
    fit_background,
)
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.images import WHOLE, has_fireflies, without_fireflies

_SHAPE = (60, 80)
_CONFIG = SegmentationConfig()
_KNOWN = np.ones(_SHAPE, bool)


def _plate(rng) -> np.ndarray:
    columns = np.linspace(60, 220, 80)[None, :, None]
    return np.clip(columns * [1.0, 0.9, 0.75] + rng.normal(0, 1, (*_SHAPE, 1)), 0, 255)


def _noisy(image, rng, sigma=4.0) -> np.ndarray:
    return np.clip(image + rng.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def model():
    rng = np.random.default_rng(0)
    plate = _plate(rng)
    return fit_background(_noisy(plate, rng), plate.astype(np.uint8), _KNOWN)


def _log_density(model, image) -> np.ndarray:
    return np.log(model.density(image.astype(np.float32), WHOLE, _CONFIG))


def test_the_empty_scene_is_likely_and_other_colors_are_not(model):
    """Noise would count as foreground, or foreground as noise."""
    rng = np.random.default_rng(1)
    seen = _log_density(model, _noisy(_plate(np.random.default_rng(0)), rng))
    assert np.quantile(seen, 0.02) > UNIFORM_LOG_DENSITY
    blue = np.tile([40.0, 60, 180], (*_SHAPE, 1))
    assert np.quantile(_log_density(model, blue), 0.98) < UNIFORM_LOG_DENSITY - 2


def test_a_shadow_is_background_but_a_tint_is_not(model):
    """Shadows would be cut out with the person, or tinted surfaces pass as shadows."""
    plate = _plate(np.random.default_rng(0))
    rng = np.random.default_rng(2)
    shadow = _log_density(model, _noisy(0.7 * plate, rng, 2.0))
    tinted = _log_density(model, _noisy(0.7 * plate * [1.25, 1.0, 0.8], rng, 2.0))
    assert np.median(shadow) > UNIFORM_LOG_DENSITY + 1
    assert np.median(tinted) < np.median(shadow) - 3


def test_a_saturated_plate_knows_its_shadows():
    """Where light clips two channels, every shadow would look like another color."""
    truth = np.tile([340.0, 270, 180], (*_SHAPE, 1))
    rng = np.random.default_rng(3)
    plate = np.clip(truth, 0, 255)
    clipped = fit_background(_noisy(plate, rng, 2.0), plate.astype(np.uint8), _KNOWN)
    shadow = _log_density(clipped, _noisy(np.clip(0.7 * truth, 0, 255), rng, 2.0))
    blue = _log_density(clipped, np.tile([60.0, 90, 126], (*_SHAPE, 1)))
    assert np.median(shadow) > UNIFORM_LOG_DENSITY + 1
    assert np.median(blue) < UNIFORM_LOG_DENSITY - 2


def test_noise_is_measured():
    """Fixed thresholds would fail on clean or on very noisy renders."""
    rng = np.random.default_rng(4)
    plate = _plate(rng)
    for sigma in (5.0, 12.0):
        model = fit_background(_noisy(plate, rng, sigma), plate.astype(np.uint8), _KNOWN)
        assert np.median(model.chroma_noise) == pytest.approx(sigma, rel=0.15)


def test_slopes_do_not_depend_on_where_an_image_lies_in_memory():
    """Vectorized OpenCV that rounds by alignment would change masks from one run to the next."""
    image = np.random.default_rng(7).uniform(0, 255, (180, 320, 3)).astype(np.float32)
    found = set()
    for size in range(100):
        block = np.empty((100, 1 + 37 * size))  # moves what is allocated next
        found.add(_slope(image).tobytes())
    assert block.size
    assert len(found) == 1


def test_tones_are_matched():
    """A video that is darker or yellower than the plate would be foreground everywhere."""
    rng = np.random.default_rng(5)
    plate = _plate(rng)
    model = fit_background(_noisy(0.9 * plate + [6, 0, -8], rng), plate.astype(np.uint8), _KNOWN)
    error = np.abs(model.plate - np.clip(0.9 * plate + [6, 0, -8], 0, 255))
    assert np.median(error) < 1.5


def test_exposure_gain_is_found_and_bounded(model):
    """A dimmed frame would not be compared with the plate at equal brightness."""
    image = (model.plate * 0.9).astype(np.float32)
    assert exposure_gain(image, model.plate, _KNOWN) == pytest.approx(0.9, abs=0.01)
    assert exposure_gain(image * 0.1, model.plate, _KNOWN) == 0.7
    assert exposure_gain(image, model.plate, ~_KNOWN) == 1.0


def test_fireflies_are_noticed_and_removed():
    """Clean frames would be blurred, or noisy ones left as they are."""
    rng = np.random.default_rng(6)
    clean = _noisy(_plate(rng), rng, 3.0)
    fireflies = clean.copy()
    fireflies[rng.uniform(size=_SHAPE) < 0.03] = 255
    assert not has_fireflies(clean, _KNOWN)
    assert has_fireflies(fireflies, _KNOWN)
    assert not has_fireflies(without_fireflies(fireflies), _KNOWN)
    assert not has_fireflies(fireflies, ~_KNOWN)
