"""What is known of frame 0 corrects the detector; confidence becomes a standard deviation."""

import numpy as np

from hoi_platform.core.body.fitting.ground import foot_contact_probability
from hoi_platform.core.body.fitting.measurements import (
    bone_directions,
    inflation_of,
    remove_bias,
)
from hoi_platform.core.body.keypoints import KEYPOINT
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform_tests.core.body.fitting.planted import reaching

STATURE_PX = 250.0


def test_bias_of_frame_zero_is_removed_where_the_landmark_stays() -> None:
    """A detector's constant error at a resting joint must cancel."""
    truth = np.full((5, 1, 2), 100.0)
    corrected, doubt = remove_bias(truth + np.array([6.0, -3.0]), truth[0], STATURE_PX, trust=0.4)
    np.testing.assert_allclose(corrected, truth)
    assert doubt.max() < 1e-9


def test_far_from_frame_zero_only_a_share_of_the_bias_is_believed() -> None:
    """Another pose has another error."""
    uv = np.array([[[106.0, 100.0]], [[306.0, 100.0]]])
    corrected, doubt = remove_bias(uv, np.array([[100.0, 100.0]]), STATURE_PX, trust=0.4)
    np.testing.assert_allclose(corrected[1, 0], [306 - 0.4 * 6, 100])
    np.testing.assert_allclose(doubt[1, 0], 0.4 * 6)


def test_a_gross_error_in_frame_zero_is_doubted_not_copied() -> None:
    """A hand found on the furniture must not drag the real one along later."""
    uv = np.array([[[200.0, 100.0]], [[200.0, 100.0]], [[320.0, 100.0]]])
    corrected, doubt = remove_bias(uv, np.array([[100.0, 100.0]]), STATURE_PX, trust=0.4)
    np.testing.assert_allclose(corrected, uv)
    assert doubt[1, 0] == 100
    assert doubt[2, 0] < 41


def test_bones_are_corrected_by_frame_zero() -> None:
    """A bone that keeps its measured direction keeps its true one."""
    p_first = np.array([[0.0, 0.0, 2.0], [0.3, 0.0, 2.0]])
    R = matrix_from_axis_angle(np.array([0.0, 0.25, 0.0]))
    measured = np.repeat((p_first @ R.T)[None], 4, axis=0)
    directions = bone_directions(measured, p_first, [(0, 1)])
    np.testing.assert_allclose(directions[:, 0], np.tile([1.0, 0, 0], (4, 1)), atol=1e-9)


def test_errors_grow_as_measured() -> None:
    """The growth's claim: about 3 times at 0.75 and 12 times or more at 0.4."""
    inflation = inflation_of(np.array([1.0, 0.75, 0.4]), 5.0)
    assert inflation[0] == 1
    assert 2.5 < inflation[1] < 6
    assert inflation[2] > 12


def test_a_foot_that_is_seen_to_step_is_not_planted() -> None:
    """The fit would hold the feet of a person who walks."""
    keypoints = reaching(24).observed().keypoints_px
    right = [KEYPOINT[f"right_{part}"] for part in ("ankle", "heel", "foot_index")]
    keypoints[6:18, right, 0] += 8.0 * np.arange(12)[:, None]
    keypoints[18:, right, 0] += 96.0
    contact = foot_contact_probability(keypoints, STATURE_PX, 24.0)
    assert contact[:, 0].min() > 0.95
    assert contact[9:15, 1].max() < 0.4
    assert contact[0, 1] > 0.8


def test_a_hidden_foot_counts_as_planted() -> None:
    """Behind a table leg the detector's guesses wander: that is no step."""
    keypoints = reaching(24).observed().keypoints_px
    right = [KEYPOINT[f"right_{part}"] for part in ("ankle", "heel", "foot_index")]
    keypoints[:, right, 0] += np.random.default_rng(0).normal(size=(24, 1)) * 20
    keypoints[:, right, 2] = 0.4
    assert foot_contact_probability(keypoints, STATURE_PX, 24.0)[:, 1].min() > 0.9
