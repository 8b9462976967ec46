"""Turns a plan into frames: what each part of the body and the object do, over time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.hands import Hand
from hoi_platform.core.body.ik import reach
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from hoi_platform.core.scene.performance.arm import (
    free_arm_share,
    hang_free_arm,
    swivel_path,
    wrist_path,
)
from hoi_platform.core.scene.performance.hand import finger_path
from hoi_platform.core.scene.performance.plan import Plan
from hoi_platform.core.scene.performance.reaching import Reacher
from hoi_platform.core.scene.performance.splines import min_jerk, pose_path
from hoi_platform.core.scene.performance.trunk import looking, trunk_path

_CLEAR_M: Final = 0.05
"""Meters that the object rises at least before it moves sideways; chosen: clear of the support."""


@dataclass(frozen=True)
class Animation:
    """T frames of a person and the object."""

    rotations: Array  # (T, 55, 3, 3)
    pelvis: Array  # (T, 3)
    Ts_world_object: Array  # (T, 4, 4)


def animate(reacher: Reacher, plan: Plan, t: Array) -> Animation:
    """The plan at times ``t`` (T,) in seconds.

    The trunk moves first, then what it carries; while the hand holds the object, its wrist is
    where the grasp has it.
    """
    Ts_world_object = _object_path(plan, t)
    trunk = looking(reacher, trunk_path(reacher, plan, t), Ts_world_object, t, plan)
    rotations = trunk.rotations(reacher.T_world_person)
    hang_free_arm(reacher, rotations, trunk, free_arm_share(reacher, plan))
    rotations[:, Hand(reacher.body, reacher.side).slots] = finger_path(reacher, plan, t)
    rotations = reacher.stance.feet.plant(reacher.body, rotations, trunk.pelvis)
    swivel = swivel_path(reacher, plan, t)
    held = Ts_world_object @ plan.grasp.T_object_wrist
    coming = wrist_path(reacher, plan, t, rotations, trunk.pelvis, swivel)
    T_world_wrist = np.where((t < plan.timing.grasp)[:, None, None], coming, held)
    rotations = reach(reacher.body, reacher.side, rotations, trunk.pelvis, T_world_wrist, swivel)
    return Animation(rotations, trunk.pelvis, Ts_world_object)


def _object_path(plan: Plan, t: Array) -> Array:
    """(T, 4, 4): at rest, then up from the support, then to the first and the second hold."""
    timing, (start, first, second) = plan.timing, plan.Ts_world_object
    lifted = start.copy()
    lifted[:3, 3] += 0.35 * (first[:3, 3] - start[:3, 3]) * [0.3, 0.3, 0]
    lifted[2, 3] += max(_CLEAR_M, 0.4 * (first[2, 3] - start[2, 3]))
    barely = 0.12 * axis_angle_from_matrix(start[:3, :3].T @ first[:3, :3])
    lifted[:3, :3] = start[:3, :3] @ matrix_from_axis_angle(barely)
    carry = pose_path(np.stack([start, lifted, first]), min_jerk(t, timing.lift, timing.hold))
    turn = pose_path(np.stack([first, second]), min_jerk(t, timing.turn, timing.turned))
    resting, turning = t <= timing.lift, t > timing.turn
    Ts = np.where(turning[:, None, None], turn, carry)
    return np.where(resting[:, None, None], start, Ts)
