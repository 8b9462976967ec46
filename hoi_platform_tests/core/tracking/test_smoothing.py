"""The smoother against closed forms and a dense reference."""

import numpy as np
import pytest

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.tracking.motion import center_of, smooth_path

CENTER = np.array([0.02, -0.01, 0.03])
ACCELERATION = (0.004, 0.05)
T = 15


def _even_motion() -> Array:
    """Constant velocity and spin about one axis; the center moves on a line."""
    t = np.arange(T)[:, None]
    R = matrix_from_axis_angle(t * np.array([0.02, -0.01, 0.03]))
    c = t * np.array([0.01, 0.002, -0.004])
    return rigid(R, c - R @ CENTER)


def _noisy(path: Array, size: float, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    R = path[:, :3, :3] @ matrix_from_axis_angle(rng.normal(0, size, (len(path), 3)))
    return rigid(R, path[:, :3, 3] + rng.normal(0, size / 4, (len(path), 3)))


def _information(weight: float = 1e6) -> Array:
    return np.tile(weight * np.eye(6), (T, 1, 1))


NONE_FIXED = np.zeros(T, bool)


def test_an_even_motion_is_left_alone() -> None:
    """Smoothing would lag behind, shorten or bend every path."""
    path = _even_motion()
    assert smooth_path(path, _information(), NONE_FIXED, CENTER, ACCELERATION) == pytest.approx(
        path, abs=1e-9
    )


def test_frames_that_saw_nothing_are_bridged_evenly() -> None:
    """A hidden object would stand still and then jump."""
    path, information = _even_motion(), _information()
    guess = path.copy()
    guess[5:10] = path[4]
    information[5:10] = 0.0
    bridged = smooth_path(guess, information, NONE_FIXED, CENTER, ACCELERATION)
    gap = center_of(bridged, CENTER) - center_of(path, CENTER)
    assert np.abs(gap).max() < 1e-3
    turns = np.swapaxes(bridged[:, :3, :3], -1, -2) @ path[:, :3, :3]
    assert np.abs(axis_angle_from_matrix(turns)).max() < 0.02


def test_fixed_frames_stay_to_the_last_bit() -> None:
    """An object at rest on the table would tremble."""
    path = _noisy(_even_motion(), 0.05)
    fixed = np.arange(T) < 6
    result = smooth_path(path, _information(), fixed, CENTER, ACCELERATION)
    assert np.array_equal(result[fixed], path[fixed])
    assert not np.array_equal(result[~fixed], path[~fixed])
    assert np.array_equal(
        smooth_path(path, _information(), ~NONE_FIXED, CENTER, ACCELERATION), path
    )


def _dense(x: Array, weight: float, sigma: float, rounds: int = 4) -> Array:
    """Positions (T, 3): Σ w |y − x|² + Σ c |y″|²/σ² with Cauchy weights c, as one dense matrix."""
    D = np.diff(np.eye(len(x)), n=2, axis=0)
    y = x.copy()
    for _ in range(rounds):
        cauchy = 1 / (1 + ((D @ y / sigma) ** 2).sum(axis=1) / 9.0)
        A = weight * np.eye(len(x)) + D.T @ np.diag(cauchy / sigma**2) @ D
        y = np.linalg.solve(A, weight * x)
    return y


@pytest.mark.parametrize("weight", [1e3, 1e5, 1e7])
def test_positions_are_those_of_the_dense_reference(weight: float) -> None:
    """The banded solver would mix up blocks, or weigh measurements against smoothness wrongly."""
    rng = np.random.default_rng(1)
    x = np.cumsum(rng.normal(0, 0.01, (T, 3)), axis=0)
    path = rigid(np.tile(np.eye(3), (T, 1, 1)), x)
    y = smooth_path(path, _information(weight), NONE_FIXED, np.zeros(3), ACCELERATION)[:, :3, 3]
    assert y == pytest.approx(_dense(x, weight, ACCELERATION[0]), abs=1e-6)


def test_a_direction_without_information_follows_the_others() -> None:
    """Noise along the line of sight, where the image tells little, would go through."""
    path = _even_motion()
    noisy = path.copy()
    noisy[:, 2, 3] += np.random.default_rng(2).normal(0, 0.01, T)
    information = _information()
    information[:, 2, 2] = 1.0
    result = smooth_path(noisy, information, NONE_FIXED, CENTER, ACCELERATION)
    wiggle = np.diff(center_of(result, CENTER), n=2, axis=0)
    assert np.abs(wiggle[:, 2]).max() < 0.1 * np.abs(np.diff(noisy[:, 2, 3], n=2)).max()
    assert center_of(result, CENTER)[:, :2] == pytest.approx(
        center_of(path, CENTER)[:, :2], abs=1e-4
    )


def test_noise_goes_down_and_two_frames_are_no_path() -> None:
    """Smoothing would add to the error of each frame, or fail on a clip of two."""
    path = _even_motion()
    noisy = _noisy(path, 0.03)
    result = smooth_path(noisy, _information(1e4), NONE_FIXED, CENTER, ACCELERATION)

    def error(Ts: Array) -> float:
        return float(np.abs(center_of(Ts, CENTER) - center_of(path, CENTER)).mean())

    assert error(result) < 0.8 * error(noisy)
    short = noisy[:2]
    assert np.array_equal(
        smooth_path(short, _information()[:2], NONE_FIXED[:2], CENTER, ACCELERATION), short
    )
