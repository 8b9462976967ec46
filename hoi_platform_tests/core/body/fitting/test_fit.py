"""The fit recovers planted motions and says so when there is nobody to fit."""

from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.fitting.fit import fit_motion
from hoi_platform.core.body.fitting.observation import KeypointObservation, nothing_seen
from hoi_platform.core.body.keypoints import KEYPOINT, KEYPOINT_NAMES, LEFT_HAND_KEYPOINTS
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.errors import StageError
from hoi_platform_tests.core.body.fitting.planted import FPS, Planted, reaching

BODY = slice(0, 22)


@pytest.fixture(scope="module")
def planted() -> Planted:
    return reaching()


def fitted(planted: Planted, observation: KeypointObservation) -> HumanPoseEstimate:
    """The estimate from an observation of the planted clip."""
    return fit_motion(planted.body, planted.camera, observation, planted.first_frame, FPS)


@pytest.fixture(scope="module")
def noisy(planted: Planted) -> HumanPoseEstimate:
    """The estimate at two pixels of noise."""
    return fitted(planted, planted.observed(noise_px=2.0))


def test_perfect_detections_give_the_motion_back(planted: Planted) -> None:
    """A bias of priors and smoothness over the evidence would show here."""
    estimate = fitted(planted, planted.observed())
    still = replace(planted.motion, rotations=planted.motion.rotations[[0] * 20])
    assert planted.error_mm(still, BODY) > 25
    assert planted.error_mm(estimate.motion, BODY) < 8


def test_noise_of_two_pixels_costs_little(planted: Planted, noisy: HumanPoseEstimate) -> None:
    """All frames and landmarks must average out what one detection gets wrong."""
    assert planted.error_mm(noisy.motion, BODY) < 20
    assert planted.error_mm(noisy.motion, slice(25, 55)) < 50


def test_frame_zero_is_the_known_pose(planted: Planted, noisy: HumanPoseEstimate) -> None:
    """The render fixes frame 0 exactly: noise must not move it."""
    gap = noisy.motion[:1].joints(planted.body) - planted.first_frame.joints(planted.body)
    assert np.linalg.norm(gap, axis=-1).max() < 0.005


def test_planted_feet_stay(planted: Planted, noisy: HumanPoseEstimate) -> None:
    """Sliding feet are the reference's most visible defect: 1 cm/s at most."""
    feet = noisy.motion.joints(planted.body)[:, [JOINT["left_foot"], JOINT["right_foot"]]]
    assert np.linalg.norm(np.diff(feet, axis=0), axis=-1).max() * FPS < 0.01
    assert noisy.foot_contact.min() > 0.95


def test_estimate_carries_the_detections_less_their_bias(
    planted: Planted, noisy: HumanPoseEstimate
) -> None:
    """Later stages would be drawn to the detector's bias that the known first frame reveals."""
    assert noisy.keypoint_names == KEYPOINT_NAMES
    truth = planted.camera.project(planted.landmarks())
    np.testing.assert_allclose(noisy.keypoints_px[0, :, :2], truth[0], atol=1e-9)
    assert np.linalg.norm(noisy.keypoints_px[..., :2] - truth, axis=-1).mean() < 4
    assert ((noisy.keypoints_px[..., 2] > 0) & (noisy.keypoints_px[..., 2] <= 1)).all()


@pytest.mark.long
def test_poor_detections_are_bridged(planted: Planted) -> None:
    """Six frames without a person and a wrist on the wall for three: neither may bend the body."""
    observation = planted.observed(noise_px=1.0)
    observation.keypoints_px[8:14] = [np.nan, np.nan, 0.0]
    observation.landmarks_cam[8:14] = np.nan
    observation.keypoints_px[4:7, KEYPOINT["left_wrist"], :2] += 120.0
    estimate = fitted(planted, observation)
    assert planted.error_mm(estimate.motion, BODY) < 20
    gap = estimate.motion.joints(planted.body) - planted.motion.joints(planted.body)
    assert 1000 * np.linalg.norm(gap[8:14, BODY], axis=-1).mean() < 30
    assert 1000 * np.linalg.norm(gap[4:7, JOINT["left_wrist"]], axis=-1).mean() < 60


def test_hidden_hand_keeps_its_fingers_and_low_confidence(planted: Planted) -> None:
    """No detection must mean no confidence, not invented fingers."""
    observation = planted.observed(noise_px=1.0)
    rows = [KEYPOINT[name] for name in LEFT_HAND_KEYPOINTS]
    observation.keypoints_px[:, rows] = [np.nan, np.nan, 0.0]
    observation.landmarks_cam[:, rows] = np.nan
    estimate = fitted(planted, observation)
    middle = JOINT["left_middle2"]
    turned = estimate.motion.axis_angle[:, middle] - planted.motion.axis_angle[:1, middle]
    assert np.abs(turned).max() < 0.02
    assert estimate.joint_confidence[:, middle].max() < 0.05
    assert estimate.joint_confidence[:, JOINT["right_middle2"]].mean() > 0.5


def test_nobody_in_the_video_is_told() -> None:
    """An empty video must name how many frames lack the person and the cure."""
    planted = reaching(10)
    observation = nothing_seen(10)
    observation.keypoints_px[:2] = [100.0, 100.0, 0.9]
    with pytest.raises(StageError, match=r"no person found in 8 of 10 frames.*30%.*backend"):
        fitted(planted, observation)


def test_progress_ends_at_one() -> None:
    """A bar that never fills hides a stage that never ends."""
    seen: list[float] = []
    short = reaching(4)
    fit_motion(
        short.body,
        short.camera,
        short.observed(),
        short.first_frame,
        FPS,
        progress=lambda fraction, text: seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
