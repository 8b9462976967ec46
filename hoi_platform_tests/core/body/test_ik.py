"""Arms and legs by inverse kinematics: what is placed is where it was asked for."""

import numpy as np
import pytest

from hoi_platform.core.body.ik import (
    SIDES,
    Side,
    arm,
    fold_limb,
    joint_frame,
    leg,
    reach,
    split_twist,
    stand,
    swivel_of,
)
from hoi_platform.core.body.limits import JOINT_LIMITS, limit_excess
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    rotation_angle,
)
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform_tests.hoi_samples import moving, standing, stick_body

BODY = stick_body()


def _bent(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """A moving trunk with arms that are bent about their hinges."""
    motion = moving(frames, np.random.default_rng(3))
    R = motion.rotations.copy()
    for side in SIDES:
        R[:, JOINT[f"{side}_elbow"]] = matrix_from_axis_angle(-0.9 * arm(side).hinge) @ np.eye(3)
        R[:, JOINT[f"{side}_elbow"]] = matrix_from_axis_angle(
            np.linspace(0.3, 1.6, frames)[:, None] * arm(side).hinge
        )
    return R, motion.translation


@pytest.mark.parametrize("side", SIDES)
def test_reach_reproduces_the_pose_that_the_target_came_from(side: Side) -> None:
    """A hand path that starts in the standing pose would begin with a jump."""
    R, p = _bent(7)
    wrist = JOINT[f"{side}_wrist"]
    target = rigid(*joint_frame(BODY, R, p, wrist))
    again = reach(BODY, side, R, p, target, swivel_of(BODY, side, R, p))
    R_hand, at = joint_frame(BODY, again, p, wrist)
    np.testing.assert_allclose(at, target[:, :3, 3], atol=1e-9)
    np.testing.assert_allclose(R_hand, target[:, :3, :3], atol=1e-9)
    for joint in (arm(side).upper, arm(side).middle):
        np.testing.assert_allclose(
            joint_frame(BODY, again, p, joint)[1], joint_frame(BODY, R, p, joint)[1], atol=1e-9
        )


@pytest.mark.parametrize("side", SIDES)
def test_swivel_turns_the_elbow_and_nothing_else(side: Side) -> None:
    """The elbow could not be chosen without moving the hand; −90° is down for a raised arm."""
    R, p = standing(3).rotations, standing(3).translation
    _, shoulder = joint_frame(BODY, R, p, arm(side).upper)
    target = rigid(
        np.tile(np.eye(3), (3, 1, 1)), shoulder + np.array([0, 0.35, 0.0])
    )  # +y is ahead
    low, out, high = np.deg2rad([-90.0, 0.0, 90.0])
    posed = reach(BODY, side, R, p, target, np.array([low, out, high]))
    _, elbow = joint_frame(BODY, posed, p, arm(side).middle)
    _, wrist = joint_frame(BODY, posed, p, arm(side).end)
    np.testing.assert_allclose(wrist, target[:, :3, 3], atol=1e-9)
    offset = elbow - shoulder
    sideways = offset[1, 0] * (-1 if side == "left" else 1)
    assert offset[0, 2] < -0.1
    assert offset[2, 2] > 0.1
    assert sideways > 0.1


def test_out_of_reach_the_limb_is_straight_and_points_there() -> None:
    """A target beyond the arm would give nan instead of a stretched arm."""
    limb = arm("left")
    root, end = np.zeros((1, 3)), np.array([[0.0, 0.0, 5.0]])
    R, flexion = fold_limb(limb, (0.3, 0.25), root, end, np.array([[0.0, -1.0, 0.0]]))
    np.testing.assert_allclose(flexion, 0, atol=0.02)
    np.testing.assert_allclose(R[0] @ limb.bone, [0, 0, 1], atol=0.02)


@pytest.mark.parametrize("side", SIDES)
def test_planted_foot_stays(side: Side) -> None:
    """Feet would slide when the pelvis moves."""
    motion = moving(9, np.random.default_rng(1))
    R, p = motion.rotations, motion.translation - [0, 0, 0.16]
    ankle = rigid(matrix_from_axis_angle(np.array([0, 0, 0.2])) @ R[0, 0], np.array([0, 0.05, 0.1]))
    ankle[0, 3] = -0.09 if side == "left" else 0.09
    posed = stand(BODY, side, R, p, ankle)
    R_foot, at = joint_frame(BODY, posed, p, leg(side).end)
    np.testing.assert_allclose(at, np.tile(ankle[:3, 3], (9, 1)), atol=1e-9)
    np.testing.assert_allclose(R_foot, np.tile(ankle[:3, :3], (9, 1, 1)), atol=1e-9)
    knees = limit_excess(posed)[:, leg(side).middle]
    np.testing.assert_allclose(knees, 0)


def test_twist_and_swing_make_up_the_rotation() -> None:
    """Law: R = twist @ swing with the swing's axis normal to the bone."""
    rng = np.random.default_rng(0)
    R = matrix_from_axis_angle(rng.normal(size=(50, 3)))
    R[0] = np.eye(3)
    axis = np.array([0.6, 0.0, 0.8])
    twist, swing = split_twist(R, axis)
    np.testing.assert_allclose(matrix_from_axis_angle(twist[:, None] * axis) @ swing, R, atol=1e-9)
    np.testing.assert_allclose(axis_angle_from_matrix(swing) @ axis, 0, atol=1e-9)


def test_limits_hold_the_rest_pose_and_refuse_an_elbow_that_bends_backward() -> None:
    """Natural poses would be refused, or broken elbows accepted."""
    R = np.tile(np.eye(3), (2, 55, 1, 1))
    backward = matrix_from_axis_angle(-0.5 * arm("left").hinge)
    R[1, JOINT["left_elbow"]] = backward
    excess = limit_excess(R)
    np.testing.assert_allclose(excess[0], 0)
    assert list(np.flatnonzero(excess[1])) == [JOINT["left_elbow"]]
    np.testing.assert_allclose(excess[1].max(), 0.5 - np.deg2rad(3), atol=1e-6)


def test_limits_are_the_same_on_both_sides() -> None:
    """One arm could do what the other cannot: mirrored rotations have mirrored ranges."""
    rng = np.random.default_rng(2)
    vectors = rng.normal(0, 1.2, size=(40, 3))
    mirror = np.array([1, -1, -1])
    for name in ("shoulder", "elbow", "wrist", "hip", "index2", "thumb1"):
        left = JOINT_LIMITS[f"left_{name}"].excess(matrix_from_axis_angle(vectors))
        right = JOINT_LIMITS[f"right_{name}"].excess(matrix_from_axis_angle(vectors * mirror))
        np.testing.assert_allclose(left, right, atol=1e-9)


def test_limit_coordinates_are_twist_and_swing() -> None:
    """A range on flexion would be read off another axis."""
    limit = JOINT_LIMITS["left_elbow"]
    flexion, twist = np.deg2rad(-70.0), np.deg2rad(30.0)
    R = matrix_from_axis_angle(np.array([0, flexion, 0])) @ matrix_from_axis_angle(
        np.array([twist, 0, 0])
    )
    np.testing.assert_allclose(limit.coordinates(R), [30, -70, 0], atol=1e-9)
    assert rotation_angle(R, np.eye(3)) > 1.0
