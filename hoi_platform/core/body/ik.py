"""Analytic inverse kinematics of arms and legs on the neutral skeleton, batched over frames.

A limb is two bones and a hinge. In the rest pose both bones point along ``bone``; flexion turns
the lower one from there toward ``fold``. Everything is smooth in its inputs as long as the limb
is neither straight nor folded flat.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, PARENTS
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle, unit

Side = Literal["left", "right"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")

WRIST_TWIST_SHARE: Final = 0.5
"""Share of the forearm's pronation that the wrist joint carries; the elbow joint has the rest.
Chosen: the forearm twists along its length, and linear blend skinning needs it shared."""


@dataclass(frozen=True)
class Limb:
    """A two-bone chain: joint indices and rest axes."""

    upper: int
    middle: int
    end: int
    bone: Float[Array, "3"]  # rest direction of both bones
    fold: Float[Array, "3"]  # rest direction to which flexion turns the lower bone

    @cached_property
    def hinge(self) -> Float[Array, "3"]:
        """The axis of positive flexion."""
        return np.cross(self.bone, self.fold)

    def lengths(self, body: BodyModel) -> tuple[float, float]:
        """Lengths of the upper and lower bone in meters."""
        joints = body.rest_joints[[self.upper, self.middle, self.end]]
        upper, lower = np.linalg.norm(np.diff(joints, axis=0), axis=1)
        return float(upper), float(lower)


def arm(side: Side) -> Limb:
    """Shoulder, elbow, wrist; the forearm folds forward."""
    bone = np.array([1.0 if side == "left" else -1.0, 0.0, 0.0])
    return _limb(side, ("shoulder", "elbow", "wrist"), bone, fold=np.array([0.0, 0.0, 1.0]))


def leg(side: Side) -> Limb:
    """Hip, knee, ankle; the shank folds backward."""
    bone, fold = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, -1.0])
    return _limb(side, ("hip", "knee", "ankle"), bone, fold)


def _limb(
    side: Side, names: tuple[str, str, str], bone: Float[Array, "3"], fold: Float[Array, "3"]
) -> Limb:
    upper, middle, end = (JOINT[f"{side}_{name}"] for name in names)
    return Limb(upper, middle, end, bone, fold)


def joint_frame(
    body: BodyModel,
    rotations: Float[Array, "T 55 3 3"],
    translation: Float[Array, "T 3"],
    joint: int,
) -> tuple[Float[Array, "T 3 3"], Float[Array, "T 3"]]:
    """World rotation and position of one joint, climbing its chain only."""
    chain = [joint]
    while PARENTS[chain[-1]] >= 0:
        chain.append(PARENTS[chain[-1]])
    R, p = rotations[:, chain[-1]], translation + body.rest_joints[0]
    for parent, child in zip(chain[:0:-1], chain[-2::-1], strict=True):
        p = p + R @ (body.rest_joints[child] - body.rest_joints[parent])
        R = R @ rotations[:, child]
    return R, p


def fold_limb(
    limb: Limb,
    lengths: tuple[float, float],
    root: Float[Array, "T 3"],
    end: Float[Array, "T 3"],
    bend: Float[Array, "T 3"],
) -> tuple[Float[Array, "T 3 3"], Float[Array, " T"]]:
    """World rotation of the upper bone and flexion that bring the tip to ``end``.

    ``root`` and ``end`` in meters; ``bend`` is a direction on whose side of the
    line root–end the middle joint lies. Out of reach the limb is straight (or folded) and points
    at ``end``.
    """
    a, b = lengths
    line = end - root
    distance = np.clip(np.linalg.norm(line, axis=-1), abs(a - b) + 1e-6, a + b - 1e-6)
    u = line / np.maximum(np.linalg.norm(line, axis=-1, keepdims=True), 1e-12)
    v = bend - (bend * u).sum(-1, keepdims=True) * u
    v /= np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12)
    cos_root = np.clip((a**2 + distance**2 - b**2) / (2 * a * distance), -1, 1)[:, None]
    sin_root = np.sqrt(1 - cos_root**2)
    along, fold = cos_root * u + sin_root * v, sin_root * u - cos_root * v
    world = np.stack([along, fold, np.cross(along, fold)], axis=-1)
    rest = np.stack([limb.bone, limb.fold, limb.hinge], axis=-1)
    flexion = np.pi - np.arccos(np.clip((a**2 + b**2 - distance**2) / (2 * a * b), -1, 1))
    return world @ rest.T, flexion


def split_twist(
    R: Float[Array, "*batch 3 3"], axis: Float[Array, "3"]
) -> tuple[Float[Array, "*batch"], Float[Array, "*batch 3 3"]]:
    """``R = twist(axis, angle) @ swing``: angles in (−π, π] and swings.

    The swing turns about an axis normal to ``axis``; undefined at swings of exactly π.
    """
    # Vector part of the quaternion along the axis and its scalar part, both times 4w.
    along = (
        axis[0] * (R[..., 2, 1] - R[..., 1, 2])
        + axis[1] * (R[..., 0, 2] - R[..., 2, 0])
        + axis[2] * (R[..., 1, 0] - R[..., 0, 1])
    )
    angle = 2 * np.arctan2(along, 1 + np.trace(R, axis1=-2, axis2=-1))
    swing = np.swapaxes(matrix_from_axis_angle(angle[..., None] * axis), -1, -2) @ R
    return angle, swing


def swivel_direction(
    side: Side,
    line: Float[Array, "T 3"],
    R_trunk: Float[Array, "T 3 3"],
    swivel: Float[Array, " T"],
) -> Float[Array, "T 3"]:
    """Where the elbow points, turned by ``swivel`` about the line shoulder–wrist.

    Zero is lateral, positive is toward the front of a hanging arm and up for a raised one; a
    relaxed elbow has about −90°. ``R_trunk`` is the world rotation of the trunk.
    """
    u = unit(line)
    lateral = R_trunk @ arm(side).bone
    v = unit(lateral - (lateral * u).sum(-1, keepdims=True) * u)
    sign = 1.0 if side == "left" else -1.0
    return np.cos(swivel)[:, None] * v + sign * np.sin(swivel)[:, None] * np.cross(u, v)


def forearm(
    body: BodyModel,
    side: Side,
    rotations: Float[Array, "T 55 3 3"],
    translation: Float[Array, "T 3"],
    wrist: Float[Array, "T 3"],
    swivel: Float[Array, " T"],
) -> tuple[Float[Array, "T 3 3"], Float[Array, "T 3 3"]]:
    """World rotations of upper arm and untwisted forearm, the wrist at ``wrist``.

    ``swivel`` in radians as in ``swivel_direction``.
    """
    limb = arm(side)
    _, shoulder = joint_frame(body, rotations, translation, limb.upper)
    R_trunk, _ = joint_frame(body, rotations, translation, JOINT["spine3"])
    bend = swivel_direction(side, wrist - shoulder, R_trunk, swivel)
    R_upper, flexion = fold_limb(limb, limb.lengths(body), shoulder, wrist, bend)
    return R_upper, R_upper @ matrix_from_axis_angle(flexion[:, None] * limb.hinge)


def reach(
    body: BodyModel,
    side: Side,
    rotations: Float[Array, "T 55 3 3"],
    translation: Float[Array, "T 3"],
    T_world_wrist: Float[Array, "T 4 4"],
    swivel: Float[Array, " T"],
) -> Float[Array, "T 55 3 3"]:
    """The motion with shoulder, elbow and wrist set so that the hand is placed.

    ``T_world_wrist`` carries the wrist's position and the hand's rotation from the rest
    pose; ``swivel`` as in ``forearm``. The trunk is left as it is.
    """
    limb = arm(side)
    R_parent, _ = joint_frame(body, rotations, translation, PARENTS[limb.upper])
    R_upper, R_lower = forearm(body, side, rotations, translation, T_world_wrist[:, :3, 3], swivel)
    twist, swing = split_twist(np.swapaxes(R_lower, -1, -2) @ T_world_wrist[:, :3, :3], limb.bone)
    by_wrist = matrix_from_axis_angle(WRIST_TWIST_SHARE * twist[:, None] * limb.bone)
    by_elbow = matrix_from_axis_angle((1 - WRIST_TWIST_SHARE) * twist[:, None] * limb.bone)
    result = rotations.copy()
    result[:, limb.upper] = np.swapaxes(R_parent, -1, -2) @ R_upper
    result[:, limb.middle] = np.swapaxes(R_upper, -1, -2) @ R_lower @ by_elbow
    result[:, limb.end] = by_wrist @ swing
    return result


def swivel_of(
    body: BodyModel,
    side: Side,
    rotations: Float[Array, "T 55 3 3"],
    translation: Float[Array, "T 3"],
) -> Float[Array, " T"]:
    """The swivel that ``reach`` needs to reproduce a pose's elbow."""
    limb = arm(side)
    _, shoulder = joint_frame(body, rotations, translation, limb.upper)
    _, elbow = joint_frame(body, rotations, translation, limb.middle)
    _, wrist = joint_frame(body, rotations, translation, limb.end)
    R_trunk, _ = joint_frame(body, rotations, translation, JOINT["spine3"])
    zero = np.zeros(len(rotations))
    v = swivel_direction(side, wrist - shoulder, R_trunk, zero)
    w = swivel_direction(side, wrist - shoulder, R_trunk, zero + np.pi / 2)
    offset = elbow - shoulder
    return np.arctan2((offset * w).sum(-1), (offset * v).sum(-1))


def stand(
    body: BodyModel,
    side: Side,
    rotations: Float[Array, "T 55 3 3"],
    translation: Float[Array, "T 3"],
    T_world_ankle: Float[Array, "4 4"],
) -> Float[Array, "T 55 3 3"]:
    """The motion with one leg set so that the foot is where it is planted.

    ``T_world_ankle`` is the fixed pose of the ankle; the knee points where the foot does.
    """
    limb = leg(side)
    frames = len(rotations)
    R_pelvis, _ = joint_frame(body, rotations, translation, JOINT["pelvis"])
    _, hip = joint_frame(body, rotations, translation, limb.upper)
    ankle = np.tile(T_world_ankle[:3, 3], (frames, 1))
    forward = np.tile(T_world_ankle[:3, 2], (frames, 1))
    R_upper, flexion = fold_limb(limb, limb.lengths(body), hip, ankle, forward)
    R_hinge = matrix_from_axis_angle(flexion[:, None] * limb.hinge)
    result = rotations.copy()
    result[:, limb.upper] = np.swapaxes(R_pelvis, -1, -2) @ R_upper
    result[:, limb.middle] = R_hinge
    result[:, limb.end] = np.swapaxes(R_upper @ R_hinge, -1, -2) @ T_world_ankle[:3, :3]
    return result
