"""How the arms move: the reaching one along a path to the grasp, the other one hangs."""

from itertools import pairwise
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.hands import Hand
from hoi_platform.core.body.ik import SIDES, Side, arm, forearm, joint_frame, swivel_of
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.performance.hand import wrist_turn
from hoi_platform.core.scene.performance.plan import Plan, pregrasp
from hoi_platform.core.scene.performance.posture import Trunk
from hoi_platform.core.scene.performance.reaching import EXTENSION, Reacher
from hoi_platform.core.scene.performance.splines import min_jerk
from hoi_platform.core.scene.performance.trunk import leaning_trunk

_REACH_KNOTS: Final = (0.0, 0.3, 0.6, 0.85, 1.0)
"""Fractions of the reach at which the hand hangs, is raised, is over the edge, near the object, at
it; chosen."""
_HAND_ROOM: Final = 0.10
"""Statures between the raised wrist and the table's edge; chosen: a hand fits in there."""
_FREE_SHARES: Final = (0.7, 0.4, 0.1, -0.2, -0.5)
"""Fractions of the trunk's bow that the free arm undoes (1 hangs straight down), in the order in
which they are tried; chosen."""
_FREE_ROOM: Final = 0.03
"""Statures between the free arm and the supports, at least; chosen: the thickness of an arm."""


def swivel_path(reacher: Reacher, plan: Plan, t: Array) -> Array:
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


def wrist_path(
    reacher: Reacher, plan: Plan, t: Array, rotations: Array, pelvis: Array, swivel: Array
) -> Array:
    """Wrist poses (T, 4, 4) from hanging, up and over the table's edge to the grasp.

    The position is a spline of distance and direction from the shoulder, which moves with the
    leaning trunk: so the arm neither has to be longer than it is nor folds up on the way. The
    hand turns with the forearm from the stance's wrist to the grasp's, which keeps it within its
    range, and assumes the grasp's rotation in the world when it is near.
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
    R_joint = R_lower @ wrist_turn(reacher, plan, progress)
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


def hang_free_arm(reacher: Reacher, rotations: Array, trunk: Trunk, share: float) -> None:
    """The other arm as in the stance, swung back by a share of the trunk's bow; in place."""
    side = _free_side(reacher)
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
    """The first of ``_FREE_SHARES`` with which the other arm stays clear of the supports."""
    side, trunk = _free_side(reacher), leaning_trunk(reacher, plan)
    for share in _FREE_SHARES:
        rotations = trunk.rotations(reacher.T_world_person)
        hang_free_arm(reacher, rotations, trunk, share)
        joints = [JOINT[f"{side}_{name}"] for name in ("elbow", "wrist", "middle3")]
        points = [
            joint_frame(reacher.body, rotations, trunk.pelvis, joint)[1][0] for joint in joints
        ]
        line = np.concatenate([np.linspace(a, b, 6) for a, b in pairwise(points)])
        if reacher.around.distance(line).min() > _FREE_ROOM * reacher.body.height_m:
            return share
    return _FREE_SHARES[-1]


def _free_side(reacher: Reacher) -> Side:
    return SIDES[1] if reacher.side == SIDES[0] else SIDES[0]
