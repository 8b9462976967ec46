"""Robust losses against finite differences and scipy."""

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares

from hoi_platform.core.least_squares.robust import (
    CAUCHY,
    GEMAN_MCCLURE,
    TUKEY,
    Loss,
    robust_deviation,
)

LOSSES = {"cauchy": CAUCHY, "geman_mcclure": GEMAN_MCCLURE, "tukey": TUKEY}
S = np.concatenate([[1e-6, 1e-3], np.linspace(0.01, 30, 200)])


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_weight_is_the_slope_of_the_loss(loss: Loss) -> None:
    """Reweighted least squares would minimize another cost."""
    step = 1e-6 * np.maximum(S, 1e-3)
    slope = (loss.rho(S + step) - loss.rho(S - step)) / (2 * step)
    np.testing.assert_allclose(loss.weight(S), slope, rtol=1e-6)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_small_residuals_count_squared_and_large_ones_less(loss: Loss) -> None:
    """The bend would move with the loss, or outliers rule."""
    assert loss.rho(np.array(1e-9)) == pytest.approx(1e-9)
    assert loss.weight(np.array(0.0)) == 1.0
    weights = loss.weight(S)
    assert (np.diff(weights)[weights[:-1] > 0] < 0).all()
    assert (weights >= 0).all()


def test_weights_of_tensors_are_those_of_arrays() -> None:
    """Body fitting would weigh outliers differently from tracking."""
    for loss in LOSSES.values():
        of_tensor = loss.weight(torch.as_tensor(S)).numpy()
        np.testing.assert_allclose(of_tensor, loss.weight(S), rtol=1e-15)


def test_cauchy_is_scipys() -> None:
    """The convention of the bend would differ from the one that is stated."""
    residual, bend = np.array([0.3, 2.0, -7.0]), 1.7
    found = least_squares(lambda x: residual + 0 * x, [0.0], loss="cauchy", f_scale=bend)
    assert 0.5 * bend**2 * CAUCHY.rho((residual / bend) ** 2).sum() == pytest.approx(found.cost)


def test_geman_mcclure_is_bounded() -> None:
    """A wrong part of a silhouette would pull without limit."""
    assert GEMAN_MCCLURE.rho(np.array(1e12)) == pytest.approx(1.0)
    assert GEMAN_MCCLURE.weight(np.array(1.0)) == 0.25


def test_tukeys_biweight_ends_at_its_bend() -> None:
    """Passersby and shadows would move the camera."""
    s = np.array([0.0, 0.25, 1.0, 1.5, 1e6])
    np.testing.assert_array_equal(TUKEY.weight(s), [1, 0.5625, 0, 0, 0])
    np.testing.assert_allclose(TUKEY.rho(s[2:]), 1 / 3)


def test_the_deviation_is_that_of_the_noise_and_not_of_outliers() -> None:
    """The bend would grow until it lets the outliers in."""
    residual = np.random.default_rng(0).normal(0, 2.0, 20_000)
    residual[::5] = 1e3
    assert robust_deviation(residual[1::5]) == pytest.approx(2.0, rel=0.03)
    assert robust_deviation(residual) < 3.0
