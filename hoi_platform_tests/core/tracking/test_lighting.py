"""The lighting fit and the brightness of a frame against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings

from hoi_platform.core.arrays import Array
from hoi_platform.core.colors import linear_from_srgb, srgb_from_linear
from hoi_platform.core.tracking.lighting import Lighting, LightingFit
from hoi_platform.core.tracking.photometric import frame_gain, visible
from hoi_platform_tests.core.tracking.shots import CAMERA, shot
from hoi_platform_tests.strategies import numbers


def _sphere(count: int, seed: int = 0) -> Array:
    n = np.random.default_rng(seed).normal(size=(count, 3))
    return n / np.linalg.norm(n, axis=1, keepdims=True)


def _fitted(albedo: Array, normals: Array, observed: Array, weights: Array) -> Lighting:
    fit = LightingFit()
    fit.add(albedo, normals, observed, weights)
    return fit.solve()


@settings(max_examples=50)
@given(x=numbers(0.0, 1.0))
def test_the_transfer_function_has_its_inverse(x: float) -> None:
    """Colors would shift whenever they are linearized."""
    assert linear_from_srgb(srgb_from_linear(np.array([x])))[0] == pytest.approx(x, abs=1e-6)


def test_the_transfer_function_is_the_standards() -> None:
    """IEC 61966-2-1: black, the end of the straight part, middle gray and white."""
    assert srgb_from_linear(np.array([0, 0.0031308, 0.214041, 1.0])) == pytest.approx(
        [0, 0.0404499, 0.5, 1.0], abs=1e-5
    )


def test_one_lamp_far_away_is_reproduced() -> None:
    """A Lambertian surface under one lamp is n·l where it faces it: order 2 is off by 6 % of it."""
    normals, lamp = _sphere(4000), np.array([0.36, -0.48, -0.8])
    truth = 0.7 * np.maximum(normals @ lamp, 0)[:, None] * np.ones(3)
    albedo = np.random.default_rng(1).uniform(0.2, 0.9, truth.shape)
    lighting = _fitted(albedo, normals, albedo * truth, np.ones(len(normals)))
    error = lighting.reflected(albedo, normals) - albedo * truth
    assert np.sqrt((error**2).mean()) < 0.06 * 0.7


def test_an_even_sky_lights_all_sides_alike() -> None:
    """A surface under the same light from everywhere would get a bright side."""
    normals, albedo = _sphere(2000), np.full((2000, 3), 0.5)
    weights = np.ones(2000)
    lighting = _fitted(albedo, normals, albedo * [0.8, 0.6, 0.4], weights)
    colors = lighting.reflected(albedo, normals)
    assert colors == pytest.approx(np.tile([0.4, 0.3, 0.2], (2000, 1)), rel=0.02)


def test_weights_count_as_repetition() -> None:
    """A frame that is added twice would be forgotten, or outliers of weight zero still count."""
    normals, rng = _sphere(300), np.random.default_rng(2)
    albedo, seen = rng.uniform(0.1, 0.9, (300, 3)), rng.uniform(0, 1, (300, 3))
    weighted = _fitted(albedo, normals, seen, np.r_[np.full(100, 2.0), np.zeros(200)])
    fit = LightingFit()
    for _ in range(2):
        fit.add(albedo[:100], normals[:100], seen[:100], np.ones(100))
    assert fit.solve().coefficients == pytest.approx(weighted.coefficients, rel=1e-9)


def test_nothing_lit_is_an_error() -> None:
    """The solver's own message would not say what was missing."""
    with pytest.raises(ValueError, match="no lit surface"):
        LightingFit().solve()


@pytest.mark.parametrize("gain", [(0.8, 1.0, 1.2), (1.4, 1.4, 1.4), (3.0, 1.0, 0.1)])
def test_the_brightness_of_a_frame_is_found_within_its_bounds(gain: tuple) -> None:
    """Auto-exposure would be taken for a turn, or one overexposed frame for a light of its own."""
    truth = shot("box")
    model, frame = truth.model(), truth.evidence()
    view = model.caster.view(truth.T)
    dimmer = Lighting(model.lighting.coefficients / np.array(gain))
    R = truth.T[:3, :3]
    base = frame_gain(frame, view, R, model.lighting)
    assert base == pytest.approx(np.ones(3), abs=0.1)
    expected = np.clip(base * gain, 0.6, 1.6)
    assert frame_gain(frame, view, R, dimmer) == pytest.approx(expected, rel=0.1)


def test_only_what_shows_the_object_is_visible() -> None:
    """The hand's colors would be taken for the object's."""
    truth = shot("box")
    view = truth.model().caster.view(truth.T)
    human = np.zeros(CAMERA.shape, bool)
    human[:, : CAMERA.width_px // 2] = True
    seen = visible(truth.evidence(human), view)
    # The human's mask is grown by a pixel.
    right = view.uv[:, 0] >= CAMERA.width_px // 2 + 1
    assert not (seen & ~right).any()
    assert seen[right].mean() > 0.95
    assert visible(truth.evidence(), view).mean() > 0.97
