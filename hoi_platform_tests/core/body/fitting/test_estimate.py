"""The estimate's file: the reference's fields, no pickle, nothing lost."""

from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.body.fitting.estimate import (
    HumanPoseEstimate,
    load_estimate,
    save_estimate,
)
from hoi_platform.core.body.keypoints import NUM_KEYPOINTS
from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.camera import look_at
from hoi_platform_tests.hoi_samples import moving, stick_body

CAMERA = look_at(64, 36, 70.0, np.array([1.0, 3.0, 1.4]), np.array([0.0, 0.0, 0.9]))


def sample(frames: int = 4) -> HumanPoseEstimate:
    rng = np.random.default_rng(2)
    keypoints = rng.random((frames, NUM_KEYPOINTS, 3))
    keypoints[1, 3] = [np.nan, np.nan, 0.0]
    return HumanPoseEstimate(
        moving(frames, rng),
        keypoints,
        rng.random((frames, 2)),
        rng.random((frames, NUM_JOINTS)),
    )


def test_round_trip(tmp_path: Path) -> None:
    """What is stored must be what is read, names and unseen landmarks included."""
    estimate, path = sample(), tmp_path / "motion.npz"
    save_estimate(estimate, CAMERA.T_cam_world, path)
    again = load_estimate(path)
    np.testing.assert_array_equal(again.motion.rotations, estimate.motion.rotations)
    np.testing.assert_array_equal(again.keypoints_px, estimate.keypoints_px)
    np.testing.assert_array_equal(again.foot_contact, estimate.foot_contact)
    np.testing.assert_array_equal(again.joint_confidence, estimate.joint_confidence)
    assert again.keypoint_names == estimate.keypoint_names
    assert again.motion.fps == estimate.motion.fps


def test_motion_incam_is_the_world_motion_seen_by_the_camera(tmp_path: Path) -> None:
    """The reference's tools read ``motion_incam``: its joints must be the camera's."""
    estimate, body = sample(), stick_body()
    path = tmp_path / "motion.npz"
    save_estimate(estimate, CAMERA.T_cam_world, path)
    incam = estimate.motion_incam(CAMERA.T_cam_world)
    with np.load(path, allow_pickle=False) as data:
        np.testing.assert_allclose(data["motion_incam_rotations"], incam.rotations)
        np.testing.assert_allclose(data["motion_incam_translation"], incam.translation)
    expected = CAMERA.to_cam(estimate.motion.joints(body))
    np.testing.assert_allclose(incam.joints(body), expected, atol=1e-9)


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    """A file of something else must be named with what it lacks."""
    path = tmp_path / "other.npz"
    np.savez(path, poses=np.zeros(3))
    with pytest.raises(BadInputError, match=r"other\.npz is no human pose estimate.*keypoints"):
        load_estimate(path)


def test_shapes_are_checked() -> None:
    """A contact array of another length would be read off by one frame for good."""
    good = sample()
    with pytest.raises(ValueError, match=r"foot_contact is \(3, 2\), not \(4, 2\)"):
        HumanPoseEstimate(
            good.motion, good.keypoints_px, good.foot_contact[:3], good.joint_confidence
        )
