"""Turns a plan into frames: trunk, legs, arms, fingers and gaze as smooth functions of time."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from hoi_platform.core.body.hands import OPEN_DEG, Hand
from hoi_platform.core.body.ik import (
    SIDES,
    arm,
    forearm,
    joint_frame,
    reach,
    split_twist,
    swivel_of,
)
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import (
    Array,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
)
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.performance.plan import Plan, pregrasp
from hoi_platform.core.scene.performance.posture import Trunk
from hoi_platform.core.scene.performance.reaching import EXTENSION, Reacher
from hoi_platform.core.scene.performance.splines import min_jerk, pose_path

_REACH_KNOTS: Final = (0.0, 0.3, 0.6, 0.85, 1.0)
"""Progress at which the hand hangs, is raised, is over the edge, near the object, at it."""
_HAND_ROOM: Final = 0.10
"""Distance of the raised wrist from the table's edge, over the stature: a hand fits in there."""
_LEANING: Final = (0.15, 0.88)
"""The part of the reach in which the trunk leans: the hand rises first."""
_SHARES: Final = (0.7, 0.4, 0.1, -0.2, -0.5)
_GAZE_DEG: Final = {"yaw": 60.0, "pitch": 50.0}


@dataclass(frozen=True)
class Animation:
    """T frames of a person and the object."""

    rotations: Array  # (T, 55, 3, 3)
    pelvis: Array  # (T, 3)
    Ts_world_object: Array  # (T, 4, 4)


def animate(reacher: Reacher, plan: Plan, t: Array, free_arm_share: float) -> Animation:
    """The plan at times ``t`` (T,) in seconds.

    ``free_arm_share`` is how much of the trunk's bow the other arm undoes: 1 hangs straight down.
    """
    Ts_world_object = _object(plan, t)
    trunk = _gaze(reacher, _trunk(reacher, plan, t), Ts_world_object, t, plan)
    rotations = trunk.rotations(reacher.T_world_person)
    _free_arm(reacher, rotations, trunk, free_arm_share)
    rotations[:, Hand(reacher.body, reacher.side).slots] = _fingers(reacher, plan, t)
    rotations = reacher.stance.feet.plant(reacher.body, rotations, trunk.pelvis)
    swivel = _swivel(reacher, plan, t)
    held = Ts_world_object @ plan.grasp.T_object_wrist
    coming = _reach_path(reacher, plan, t, rotations, trunk.pelvis, swivel)
    T_world_wrist = np.where((t < plan.timing.grasp)[:, None, None], coming, held)
    rotations = reach(reacher.body, reacher.side, rotations, trunk.pelvis, T_world_wrist, swivel)
    return Animation(rotations, trunk.pelvis, Ts_world_object)


def _trunk(reacher: Reacher, plan: Plan, t: Array) -> Trunk:
    """Stance, lean, upright again, each change with the minimum-jerk profile."""
    timing, target = plan.timing, plan.Ts_world_object[0, :3, 3]
    leaning = reacher.trunk(np.array([plan.at_grasp.lean]), reacher.azimuth(target))
    first, second = (reacher.trunk(np.array([hold.lean]), 0.0) for hold in plan.at_holds)
    span = timing.grasp - timing.reach
    bows, leaned = (timing.reach + share * span for share in _LEANING)
    rises = timing.lift + 0.12 * (timing.hold - timing.lift)
    steps = (
        (reacher.stance.trunk, leaning, min_jerk(t, bows, leaned)),
        (leaning, first, min_jerk(t, rises, timing.hold)),
        (first, second, min_jerk(t, timing.turn, timing.turned)),
    )
    values = {}
    for field in fields(Trunk):
        start = getattr(reacher.stance.trunk, field.name)
        values[field.name] = start + sum(
            w[:, None] * (getattr(b, field.name) - getattr(a, field.name)) for a, b, w in steps
        )
    return Trunk(**values)


def _object(plan: Plan, t: Array) -> Array:
    """At rest, then up from the table, then to the first and the second hold."""
    timing, (start, first, second) = plan.timing, plan.Ts_world_object
    lifted = start.copy()
    lifted[:3, 3] += 0.35 * (first[:3, 3] - start[:3, 3]) * [0.3, 0.3, 0]
    lifted[2, 3] += max(0.05, 0.4 * (first[2, 3] - start[2, 3]))
    barely = 0.12 * axis_angle_from_matrix(start[:3, :3].T @ first[:3, :3])
    lifted[:3, :3] = start[:3, :3] @ matrix_from_axis_angle(barely)
    carry = pose_path(np.stack([start, lifted, first]), min_jerk(t, timing.lift, timing.hold))
    turn = pose_path(np.stack([first, second]), min_jerk(t, timing.turn, timing.turned))
    resting, turning = t <= timing.lift, t > timing.turn
    Ts = np.where(turning[:, None, None], turn, carry)
    return np.where(resting[:, None, None], start, Ts)


def _swivel(reacher: Reacher, plan: Plan, t: Array) -> Array:
    """(T,) of the reaching arm's elbow, in radians."""
    timing, stance = plan.timing, reacher.stance
    pose = stance.rotations[None], stance.translation[None]
    relaxed = swivel_of(reacher.body, reacher.side, *pose)
    first, second = (hold.swivel for hold in plan.at_holds)
    return (
        relaxed
        + min_jerk(t, timing.reach, timing.grasp) * (plan.at_grasp.swivel - relaxed)
        + min_jerk(t, timing.lift, timing.hold) * (first - plan.at_grasp.swivel)
        + min_jerk(t, timing.turn, timing.turned) * (second - first)
    )


def _reach_path(
    reacher: Reacher, plan: Plan, t: Array, rotations: Array, pelvis: Array, swivel: Array
) -> Array:
    """Wrist poses (T, 4, 4) from hanging, up and over the table's edge to the grasp.

    The position is a spline of distance and direction from the shoulder, which moves with the
    leaning trunk: so the arm neither has to be longer than it is nor folds up on the way. The
    hand turns with the forearm from the stance's wrist to the grasp's, which keeps it within its
    range, and takes the grasp's rotation in the world when it is near.
    """
    timing, body, side = plan.timing, reacher.body, reacher.side
    _, shoulder = joint_frame(body, rotations, pelvis, arm(side).upper)
    progress = min_jerk(t, timing.reach, timing.grasp)
    knots, polar = _polar_keys(reacher, plan, t, shoulder)
    at = CubicSpline(knots, polar, bc_type="natural")(progress)
    direction = at[:, 1:] / np.linalg.norm(at[:, 1:], axis=-1, keepdims=True)
    length = sum(arm(side).lengths(body))
    wrist = shoulder + _bent(at[:, :1] * direction, length, min_jerk(progress, 0.0, 0.5))
    _, R_lower = forearm(body, side, rotations, pelvis, wrist, swivel)
    R_joint = R_lower @ _wrist_turn(reacher, plan, progress)
    rest = axis_angle_from_matrix(
        np.swapaxes(R_joint, -1, -2) @ plan.at_grasp.T_world_wrist[:3, :3]
    )
    near = min_jerk(progress, 0.6, 0.95)
    return rigid(R_joint @ matrix_from_axis_angle(near[:, None] * rest), wrist)


def _polar_keys(reacher: Reacher, plan: Plan, t: Array, shoulder: Array) -> tuple[Array, Array]:
    """Progress (5,) of the reach's keys, and there distance and direction (5, 4) from the shoulder.

    The hand is raised when that makes the arm's turning even.
    """
    timing = plan.timing
    fine = np.linspace(timing.reach, timing.grasp, 201)
    knots = np.array(_REACH_KNOTS)
    for _ in range(2):
        times = np.interp(knots, min_jerk(fine, timing.reach, timing.grasp), fine)
        at_keys = np.stack([np.interp(times, t, x) for x in shoulder.T], axis=-1)
        offset = _reach_keys(reacher, plan) - at_keys
        distance = np.linalg.norm(offset, axis=-1, keepdims=True)
        polar = np.concatenate([distance, offset / distance], axis=-1)
        steps = np.linalg.norm(np.diff(polar / [distance[0, 0], 1, 1, 1], axis=0), axis=-1)
        even = np.cumsum(steps[:3]) / steps[:3].sum()
        knots[1:3] = knots[3] * np.clip(even[:2], [0.2, 0.45], [0.55, 0.8])
    return knots, polar


def _wrist_turn(reacher: Reacher, plan: Plan, progress: Array) -> Array:
    """(T, 3, 3) of the hand relative to the untwisted forearm, from the stance to the grasp."""
    body, side, stance = reacher.body, reacher.side, reacher.stance
    target = plan.Ts_world_object[0, :3, 3]
    trunk = reacher.trunk(np.array([plan.at_grasp.lean]), reacher.azimuth(target))
    leaning = trunk.rotations(reacher.T_world_person)
    wrist, swivel = plan.at_grasp.T_world_wrist[None, :3, 3], np.array([plan.at_grasp.swivel])
    _, R_lower = forearm(body, side, leaning, trunk.pelvis, wrist, swivel)
    bone = arm(side).bone
    end = split_twist(np.swapaxes(R_lower, -1, -2) @ plan.at_grasp.T_world_wrist[:3, :3], bone)
    pose = stance.rotations[None], stance.translation[None]
    R_hand, hanging = joint_frame(body, *pose, arm(side).end)
    _, R_lower = forearm(body, side, *pose, hanging, swivel_of(body, side, *pose))
    start = split_twist(np.swapaxes(R_lower, -1, -2) @ R_hand, bone)
    twist = start[0] + progress * (end[0] - start[0])
    swings = [axis_angle_from_matrix(swing) for _, swing in (start, end)]
    swing = swings[0] + progress[:, None] * (swings[1] - swings[0])
    return matrix_from_axis_angle(twist[:, None] * bone) @ matrix_from_axis_angle(swing)


def _reach_keys(reacher: Reacher, plan: Plan) -> Array:
    """(5, 3) wrist positions: hanging, raised, over the table's edge, before the grasp, at it."""
    around, h, stance = reacher.around, reacher.body.height_m, reacher.stance
    pose = stance.rotations[None], stance.translation[None]
    start = joint_frame(reacher.body, *pose, arm(reacher.side).end)[1][0]
    end = pregrasp(plan.grasp, plan.Ts_world_object[0])[:3, 3]
    ahead = (end - start) * [1, 1, 0]
    share = np.linspace(-0.5, 1, 151)[:, None]
    level = start * [1, 1, 0] + share * ahead + np.array([0, 0, around.level])
    near = around.distance(level) < _HAND_ROOM * h
    last_free = float(share[max(int(np.argmax(near)) - 1, 0), 0]) if near.any() else 0.3
    via = start + np.clip(last_free, -0.06 * h / np.linalg.norm(ahead), 0.4) * ahead
    via = via + reacher.T_world_person[:3, :3] @ [-0.01 * h * reacher.mirror, 0, 0]
    via[2] = max(around.top + 0.04 * h, via[2])
    over = (via + end) / 2
    over[2] = max(around.top + 0.07 * h, over[2])
    return np.stack([start, via, over, end, plan.at_grasp.T_world_wrist[:3, 3]])


def _bent(offset: Array, length: float, weight: Array) -> Array:
    """Offsets (T, 3) shortened, where ``weight`` (T,) is 1, so that the elbow stays bent.

    Twice continuously differentiable: tanh has slope 1 and no curvature at zero.
    """
    distance = np.linalg.norm(offset, axis=-1)
    excess = np.maximum(distance - EXTENSION * length, 0)
    room = 0.06 * length
    shorter = distance - excess + room * np.tanh(excess / room)
    return offset * (1 + weight * (shorter / distance - 1))[:, None]


def _fingers(reacher: Reacher, plan: Plan, t: Array) -> Array:
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


def _free_arm(reacher: Reacher, rotations: Array, trunk: Trunk, share: float) -> None:
    """The other arm as in the stance, swung back against the trunk's bow; in place."""
    side = SIDES[1] if reacher.side == SIDES[0] else SIDES[0]
    for name in ("elbow", "wrist"):
        joint = JOINT[f"{side}_{name}"]
        rotations[:, joint] = reacher.stance.rotations[joint]
    hand = Hand(reacher.body, side)
    rotations[:, hand.slots] = reacher.stance.rotations[hand.slots]
    start = reacher.stance.trunk
    bow = (trunk.turn - start.turn + trunk.spine - start.spine)[:, 0]
    swing = np.zeros((len(bow), 3))
    swing[:, 0] = -share * bow
    joint = JOINT[f"{side}_shoulder"]
    rotations[:, joint] = matrix_from_axis_angle(swing) @ reacher.stance.rotations[joint]


def free_arm_share(reacher: Reacher, plan: Plan) -> float:
    """The largest share of ``_SHARES`` with which the other arm stays clear of the table."""
    side = SIDES[1] if reacher.side == SIDES[0] else SIDES[0]
    target = plan.Ts_world_object[0, :3, 3]
    trunk = reacher.trunk(np.array([plan.at_grasp.lean]), reacher.azimuth(target))
    for share in _SHARES:
        rotations = trunk.rotations(reacher.T_world_person)
        _free_arm(reacher, rotations, trunk, share)
        joints = [JOINT[f"{side}_{name}"] for name in ("elbow", "wrist", "middle3")]
        points = [
            joint_frame(reacher.body, rotations, trunk.pelvis, joint)[1][0] for joint in joints
        ]
        line = np.concatenate([np.linspace(a, b, 6) for a, b in pairwise(points)])
        if reacher.around.distance(line).min() > 0.03 * reacher.body.height_m:
            return share
    return _SHARES[-1]


def _gaze(reacher: Reacher, trunk: Trunk, Ts_world_object: Array, t: Array, plan: Plan) -> Trunk:
    """The head follows the object from the moment before the reach."""
    rotations = trunk.rotations(reacher.T_world_person)
    R, neck = joint_frame(reacher.body, rotations, trunk.pelvis, JOINT["spine3"])
    eyes = neck + R @ [0.0, 0.3 * reacher.body.height_m, 0.05 * reacher.body.height_m]
    d = np.einsum("tji,tj->ti", R, Ts_world_object[:, :3, 3] - eyes)
    yaw = np.arctan2(d[:, 0], np.maximum(d[:, 2], 0.05))
    pitch = np.arctan2(-d[:, 1], np.hypot(d[:, 0], d[:, 2])) - np.deg2rad(12)
    limits = {name: np.deg2rad(value) for name, value in _GAZE_DEG.items()}
    yaw = limits["yaw"] * np.tanh(yaw / limits["yaw"])
    pitch = limits["pitch"] * np.tanh(pitch / limits["pitch"])
    zero = np.zeros_like(yaw)
    turn = matrix_from_axis_angle(np.stack([zero, yaw, zero], axis=-1))
    look = axis_angle_from_matrix(turn @ matrix_from_axis_angle(np.stack([pitch, zero, zero], -1)))
    timing = plan.timing
    weight = min_jerk(t, 0.2 * timing.reach, 0.5 * (timing.reach + timing.grasp))[:, None]
    head = trunk.head + weight * (look - trunk.head)
    return Trunk(trunk.pelvis, trunk.turn, trunk.spine, head, trunk.left_collar, trunk.right_collar)
