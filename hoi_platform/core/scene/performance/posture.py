"""Trunk and planted legs: the part of a pose that carries the arms."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import SIDES, Side, leg, stand
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, NUM_JOINTS
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid

R_PERSON_REST: Final = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])
"""Rest axes (+x left, +y up, +z forward) → the person's (+x right, +y forward, +z up), by
definition."""

LEG_EXTENSION: Final = 0.996
"""Fraction of the leg's length between hip and ankle, at most; chosen: knees are never locked."""

_SHARES: Final = {"spine1": 0.3, "spine2": 0.35, "spine3": 0.35, "neck": 0.4, "head": 0.6}
"""Fraction of the spine's, and of the head's, rotation at each joint; chosen: nearly even."""


@dataclass(frozen=True)
class Trunk:
    """T frames of pelvis, spine, head and collars; rotation vectors (radians) in rest axes.

    About +x is a bow forward, about +y a turn to the left, about +z a lean to the right.
    """

    pelvis: Array  # (T, 3) world position, meters
    turn: Array  # (T, 3) of the pelvis relative to the person's facing
    spine: Array  # (T, 3) shared by the three spine joints
    head: Array  # (T, 3) shared by neck and head
    left_collar: Array  # (T, 3)
    right_collar: Array  # (T, 3)

    def rotations(self, T_world_person: Array) -> Array:
        """(T, 55, 3, 3); limbs and hands are at rest."""
        R = np.tile(np.eye(3), (len(self.pelvis), NUM_JOINTS, 1, 1))
        R[:, 0] = T_world_person[:3, :3] @ R_PERSON_REST @ matrix_from_axis_angle(self.turn)
        for joint, share in _SHARES.items():
            whole = self.spine if joint.startswith("spine") else self.head
            R[:, JOINT[joint]] = matrix_from_axis_angle(share * whole)
        for side in SIDES:
            collar = self.left_collar if side == "left" else self.right_collar
            R[:, JOINT[f"{side}_collar"]] = matrix_from_axis_angle(collar)
        return R


@dataclass(frozen=True)
class Feet:
    """Where the ankles are while both soles lie on the ground."""

    left: Array  # (4, 4) T_world_ankle
    right: Array  # (4, 4)

    def plant(self, body: BodyModel, rotations: Array, pelvis: Array) -> Array:
        """The motion (T, 55, 3, 3) with both legs reaching their feet."""
        rotations = stand(body, "left", rotations, pelvis, self.left)
        return stand(body, "right", rotations, pelvis, self.right)


def planted_feet(
    body: BodyModel, T_world_person: Array, half_width_m: float, toes_out: tuple[float, float]
) -> Feet:
    """Feet flat on z = 0, the person's origin between their soles; ``toes_out`` in radians."""
    ankles = {}
    for side, sign, angle in zip(SIDES, (1.0, -1.0), toes_out, strict=True):
        pitch, height, center = _sole(body, side)
        R_rest = matrix_from_axis_angle(np.array([0.0, sign * angle, 0.0]))
        R = T_world_person[:3, :3] @ R_PERSON_REST @ R_rest
        sole = T_world_person[:3, 3] + T_world_person[:3, :3] @ [-sign * half_width_m, 0, 0]
        ankle = sole + np.array([0, 0, height]) - R @ [0, 0, center]
        ankles[side] = rigid(R @ matrix_from_axis_angle(np.array([pitch, 0, 0])), ankle)
    return Feet(ankles["left"], ankles["right"])


def _sole(body: BodyModel, side: Side) -> tuple[float, float, float]:
    """Pitch (rad) that levels the sole, the ankle's height then, the sole's center ahead of it."""
    ankle, foot = JOINT[f"{side}_ankle"], JOINT[f"{side}_foot"]
    points = body.rest_vertices[np.isin(body.vertex_joint, (ankle, foot))]
    points = points - body.rest_joints[ankle]
    ball_z = body.rest_joints[foot, 2] - body.rest_joints[ankle, 2]
    heel = points[points[:, 2] < 0.1 * ball_z]
    ball = points[(points[:, 2] > 0.5 * ball_z) & (points[:, 2] < 1.1 * ball_z)]
    low_heel, low_ball = heel[heel[:, 1].argmin()], ball[ball[:, 1].argmin()]
    rise, run = low_ball[1] - low_heel[1], low_ball[2] - low_heel[2]
    pitch = float(np.arctan2(rise, run))
    level = points @ matrix_from_axis_angle(np.array([pitch, 0, 0])).T
    return pitch, float(-level[:, 1].min()), float((level[:, 2].min() + level[:, 2].max()) / 2)


def pelvis_height(body: BodyModel, R_pelvis: Array, pelvis_xy: Array, feet: Feet) -> float:
    """The height (m) at which the straighter leg has ``LEG_EXTENSION``, for one pose."""
    heights = []
    for side, ankle in ((SIDES[0], feet.left), (SIDES[1], feet.right)):
        limb = leg(side)
        hip = R_pelvis @ body.rest_joints[limb.upper]
        sideways = float(np.linalg.norm(pelvis_xy + hip[:2] - ankle[:2, 3]))
        longest = LEG_EXTENSION * sum(limb.lengths(body))
        rise = float(np.sqrt(max(longest**2 - sideways**2, 0.0)))
        heights.append(float(ankle[2, 3]) + rise - float(hip[2]))
    return min(heights)
