"""How the trunk moves: it leans for the reach, rises for the holds, and the head looks."""

from dataclasses import fields
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import joint_frame
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from hoi_platform.core.scene.performance.plan import Plan
from hoi_platform.core.scene.performance.posture import Trunk
from hoi_platform.core.scene.performance.reaching import Reacher
from hoi_platform.core.scene.performance.splines import min_jerk

_LEANING: Final = (0.15, 0.88)
"""Fractions of the reach between which the trunk leans; chosen: the hand rises first."""
_RISING: Final = 0.12
"""Fraction of the carry after which the trunk rises; chosen: the object rises first."""
_GAZE_DEG: Final = {"yaw": 60.0, "pitch": 50.0}
"""Degrees that neck and head turn together, at most; chosen: less than their ranges."""
_DOWNCAST_DEG: Final = 12.0
"""Degrees below the head's forward axis at which eyes look without it turning; chosen."""


def trunk_path(reacher: Reacher, plan: Plan, t: Array) -> Trunk:
    """Stance, lean, upright again, each change with the minimum-jerk profile."""
    timing, stance = plan.timing, reacher.stance.trunk
    leaning = leaning_trunk(reacher, plan)
    first, second = (reacher.trunk(np.array([hold.lean]), 0.0) for hold in plan.at_holds)
    span = timing.grasp - timing.reach
    bows, leaned = (timing.reach + share * span for share in _LEANING)
    rises = timing.lift + _RISING * (timing.hold - timing.lift)
    steps = (
        (stance, leaning, min_jerk(t, bows, leaned)),
        (leaning, first, min_jerk(t, rises, timing.hold)),
        (first, second, min_jerk(t, timing.turn, timing.turned)),
    )
    values = {}
    for field in fields(Trunk):
        values[field.name] = getattr(stance, field.name) + sum(
            w[:, None] * (getattr(b, field.name) - getattr(a, field.name)) for a, b, w in steps
        )
    return Trunk(**values)


def leaning_trunk(reacher: Reacher, plan: Plan) -> Trunk:
    """The trunk (1 frame) at the grasp."""
    target = plan.Ts_world_object[0, :3, 3]
    return reacher.trunk(np.array([plan.at_grasp.lean]), reacher.azimuth(target))


def looking(reacher: Reacher, trunk: Trunk, Ts_world_object: Array, t: Array, plan: Plan) -> Trunk:
    """The trunk with its head following the object from the moment before the reach."""
    rotations = trunk.rotations(reacher.T_world_person)
    R, neck = joint_frame(reacher.body, rotations, trunk.pelvis, JOINT["spine3"])
    eyes = neck + R @ [0.0, 0.3 * reacher.body.height_m, 0.05 * reacher.body.height_m]
    d = np.einsum("tji,tj->ti", R, Ts_world_object[:, :3, 3] - eyes)
    yaw = np.arctan2(d[:, 0], np.maximum(d[:, 2], 0.05))
    pitch = np.arctan2(-d[:, 1], np.hypot(d[:, 0], d[:, 2])) - np.deg2rad(_DOWNCAST_DEG)
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
