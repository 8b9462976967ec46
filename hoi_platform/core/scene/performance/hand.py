"""How the reaching hand moves: its fingers, and its turn relative to the forearm."""

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.hands import OPEN_DEG, Hand
from hoi_platform.core.body.ik import arm, forearm, joint_frame, split_twist, swivel_of
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from hoi_platform.core.scene.performance.plan import Plan
from hoi_platform.core.scene.performance.reaching import Reacher
from hoi_platform.core.scene.performance.splines import min_jerk
from hoi_platform.core.scene.performance.trunk import leaning_trunk


def finger_path(reacher: Reacher, plan: Plan, t: Array) -> Array:
    """(T, 15, 3, 3): relaxed, open on the way, closed, wrapped when off the table."""
    hand, timing = Hand(reacher.body, reacher.side), plan.timing
    opposition = np.array([plan.grasp.opposition_deg])
    relaxed = axis_angle_from_matrix(reacher.stance.rotations[hand.slots])
    opened = axis_angle_from_matrix(hand.finger_rotations(OPEN_DEG[None], opposition)[0])
    closed, wrapped = (
        axis_angle_from_matrix(hand.finger_rotations(flexion[None], opposition)[0])
        for flexion in (plan.grasp.flexion_deg, plan.grasp.wrapped_deg)
    )
    spread = min_jerk(t, timing.reach, timing.reach + 0.75 * (timing.grasp - timing.reach))
    close = min_jerk(t, timing.grasp, timing.lift)
    wrap = min_jerk(t, timing.lift, 0.35 * timing.lift + 0.65 * timing.hold)
    vectors = (
        relaxed
        + spread[:, None, None] * (opened - relaxed)
        + close[:, None, None] * (closed - opened)
        + wrap[:, None, None] * (wrapped - closed)
    )
    return matrix_from_axis_angle(vectors)


def wrist_turn(reacher: Reacher, plan: Plan, progress: Array) -> Array:
    """(T, 3, 3) of the hand relative to the untwisted forearm, from the stance to the grasp.

    Twist about the forearm and swing off it change evenly with ``progress`` (T,), each on its own.
    """
    bone = arm(reacher.side).bone
    start, end = (split_twist(R, bone) for R in (_in_stance(reacher), _at_grasp(reacher, plan)))
    twist = start[0] + progress * (end[0] - start[0])
    swings = [axis_angle_from_matrix(swing) for _, swing in (start, end)]
    swing = swings[0] + progress[:, None] * (swings[1] - swings[0])
    return matrix_from_axis_angle(twist[:, None] * bone) @ matrix_from_axis_angle(swing)


def _in_stance(reacher: Reacher) -> Array:
    """(1, 3, 3) of the hand relative to the untwisted forearm."""
    body, side, stance = reacher.body, reacher.side, reacher.stance
    pose = stance.rotations[None], stance.translation[None]
    R_hand, hanging = joint_frame(body, *pose, arm(side).end)
    _, R_lower = forearm(body, side, *pose, hanging, swivel_of(body, side, *pose))
    return np.swapaxes(R_lower, -1, -2) @ R_hand


def _at_grasp(reacher: Reacher, plan: Plan) -> Array:
    """(1, 3, 3) of the hand relative to the untwisted forearm."""
    trunk = leaning_trunk(reacher, plan)
    leaning = trunk.rotations(reacher.T_world_person)
    wrist, swivel = plan.at_grasp.T_world_wrist[None, :3, 3], np.array([plan.at_grasp.swivel])
    _, R_lower = forearm(reacher.body, reacher.side, leaning, trunk.pelvis, wrist, swivel)
    return np.swapaxes(R_lower, -1, -2) @ plan.at_grasp.T_world_wrist[:3, :3]
