"""The final smoothing: what it keeps, and where it must not reach."""

import numpy as np
import pytest

from hoi_platform.core.geometry.rotations import matrix_from_axis_angle, rotation_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.optimizer.smoothing import (
    smooth,
    smooth_object,
    smooth_rotations,
    window_frames,
)


@pytest.mark.parametrize(
    ("window", "fps", "expected"), [(11, 24, 11), (11, 12, 5), (11, 30, 13), (5, 12, 0), (0, 24, 0)]
)
def test_window_lasts_as_long_at_any_rate(window, fps, expected):
    """At 12 fps the window spans a second and flattens every gesture."""
    assert window_frames(window, fps) == expected


def test_parabolas_pass_unchanged():
    """A filter of order 2 bends constant acceleration."""
    t = np.arange(30.0)[:, None]
    path = 0.1 + t * [0.1, -0.2, 0.3] + t**2 * [0.01, 0.02, -0.01]
    assert np.allclose(smooth(path, 11, 2), path)


def test_steady_turn_passes_through_the_sign_of_quaternions():
    """Where the quaternion changes sign, the average of both signs is an arbitrary rotation."""
    angles = np.linspace(0, 3 * np.pi, 60)[:, None] * [0.0, 0.6, 0.8]
    R = matrix_from_axis_angle(angles)
    assert np.degrees(rotation_angle(smooth_rotations(R, 7, 2), R)).max() < 0.1


def test_object_stays_at_rest_until_it_is_moved():
    """Smoothing moves the object before the hand has reached it."""
    rng = np.random.default_rng(0)
    center = np.array([0.05, 0.0, 0.02])
    Ts = rigid(
        matrix_from_axis_angle(np.cumsum(rng.normal(0, 0.02, (30, 3)), axis=0)),
        np.cumsum(np.abs(rng.normal(0.02, 0.01, (30, 3))), axis=0),
    )
    Ts[:12] = Ts[0]
    result = smooth_object(Ts, center, 12, 7, 2)
    assert np.allclose(result[:12], Ts[:12], atol=1e-12)
    assert not np.allclose(result[12:], Ts[12:], atol=1e-4)


def test_a_clip_shorter_than_the_window_is_kept():
    """Three frames crash the filter."""
    path = np.random.default_rng(0).normal(size=(3, 3))
    assert np.array_equal(smooth(path, 11, 2), path)
