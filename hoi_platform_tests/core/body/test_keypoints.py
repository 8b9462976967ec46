"""Landmarks ride on the body: complete, mirrored, rigid with it, differentiable."""

import numpy as np
import torch
from torch.autograd import gradcheck

from hoi_platform.core.body.keypoints import (
    KEYPOINT,
    KEYPOINT_NAMES,
    LEFT_HAND_KEYPOINTS,
    POSE_KEYPOINTS,
    RIGHT_HAND_KEYPOINTS,
    keypoint_regressor,
)
from hoi_platform.core.body.landmark_offsets import OFFSETS, SPREAD
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform_tests.hoi_samples import moving, stick_body


def positions(motion: BodyMotion) -> np.ndarray:
    """(T, K, 3) of the stick person."""
    body = stick_body()
    posed = body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    return keypoint_regressor(body).positions(posed).numpy()


def test_names_are_unique_and_measured() -> None:
    """Every landmark needs its measured offset and spread, or it silently has none."""
    assert len(set(KEYPOINT_NAMES)) == len(KEYPOINT_NAMES)
    assert len(POSE_KEYPOINTS) == 29
    assert len(LEFT_HAND_KEYPOINTS) == len(RIGHT_HAND_KEYPOINTS) == 21
    unsided = {name.replace("right", "left") for name in KEYPOINT_NAMES}
    assert unsided == set(OFFSETS) == set(SPREAD)


def test_right_mirrors_left() -> None:
    """A sign error of the mirrored offsets would pull one side inward."""
    rest = keypoint_regressor(stick_body()).points.rest_vertices
    for name in KEYPOINT_NAMES:
        if "left" in name:
            other = rest[KEYPOINT[name.replace("left", "right")]]
            np.testing.assert_allclose(rest[KEYPOINT[name]], other * [-1, 1, 1], atol=0.02)


def test_landmarks_move_rigidly_with_the_whole_body() -> None:
    """Turning and shifting the person turns and shifts every landmark."""
    motion = moving(3, np.random.default_rng(0))
    T = np.eye(4)
    T[:3, :3] = matrix_from_axis_angle(np.array([0.2, -0.4, 0.9]))
    T[:3, 3] = [1.0, -2.0, 0.5]
    expected = positions(motion) @ T[:3, :3].T + T[:3, 3]
    np.testing.assert_allclose(positions(motion.transformed(T)), expected, atol=1e-12)


def test_gradient() -> None:
    """The optimizer descends through the landmarks."""
    body = stick_body()
    regressor = keypoint_regressor(body)
    motion = moving(1, np.random.default_rng(1))
    rotations = torch.as_tensor(motion.rotations)

    def of_translation_and_turn(x: torch.Tensor) -> torch.Tensor:
        turned = rotations.clone()
        turned[:, 17] = turned[:, 17] + x[3:].reshape(1, 3, 3)
        return regressor.positions(body.pose(turned, x[None, :3]))[:, ::9]

    start = torch.zeros(12, dtype=torch.float64, requires_grad=True)
    assert gradcheck(of_translation_and_turn, start)
