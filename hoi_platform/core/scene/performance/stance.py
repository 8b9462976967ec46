"""The pose of frame 0: a person who stands relaxed, arms at the sides, feet flat on z = 0."""

from dataclasses import dataclass

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import SIDES, Side
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.scene.performance.posture import (
    R_PERSON_REST,
    Feet,
    Trunk,
    pelvis_height,
    planted_feet,
)
from hoi_platform.core.scene.seeds import first_stance_seed
from hoi_platform.core.scene.spec import SceneSpec


@dataclass(frozen=True)
class Stance:
    """One standing pose together with what it was made of."""

    rotations: Array  # (55, 3, 3)
    translation: Array  # (3,) pelvis, meters
    trunk: Trunk  # 1 frame
    feet: Feet


def standing_pose(
    body: BodyModel, T_world_person: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Rotations (55, 3, 3) and pelvis position (3,) of a person who stands at ``T_world_person``.

    ``T_world_person`` (4, 4): origin on the ground between the feet, +y the facing. A person of
    stature h fills about 0.16 h before and 0.21 h beside the origin.
    """
    stance = draw_stance(body, T_world_person, rng)
    return stance.rotations, stance.translation


def stance_of(body: BodyModel, spec: SceneSpec) -> Stance:
    """The stance of a scene, the same in its conditioning frame and in its performance."""
    old = spec.stance_seed is None
    seed = first_stance_seed(spec.clip_id, spec.seed) if old else spec.stance_seed
    return draw_stance(body, np.array(spec.T_world_person), np.random.default_rng(seed))


def draw_stance(body: BodyModel, T_world_person: Array, rng: np.random.Generator) -> Stance:
    """A random relaxed stance."""
    hips = abs(body.rest_joints[JOINT["left_hip"], 0])
    toes_out = tuple(np.deg2rad(rng.uniform(4, 14, size=2)))
    feet = planted_feet(body, T_world_person, hips * rng.uniform(1.0, 1.35), toes_out)
    trunk = _trunk(body, T_world_person, feet, rng)
    rotations = trunk.rotations(T_world_person)
    for side in SIDES:
        _hang_arm(rotations, side, rng)
        _relax_fingers(rotations, side, rng)
    rotations = feet.plant(body, rotations, trunk.pelvis)
    return Stance(rotations[0], trunk.pelvis[0], trunk, feet)


def _trunk(body: BodyModel, T_world_person: Array, feet: Feet, rng: np.random.Generator) -> Trunk:
    turn = np.deg2rad(rng.uniform([-2, -5, -1.5], [3, 5, 1.5]))
    R_pelvis = T_world_person[:3, :3] @ R_PERSON_REST @ matrix_from_axis_angle(turn)
    sway = body.height_m * rng.uniform([-0.012, -0.024, 0], [0.012, -0.012, 0])
    pelvis = T_world_person[:3, 3] + T_world_person[:3, :3] @ sway
    pelvis[2] = pelvis_height(body, R_pelvis, pelvis[:2], feet)
    spine = np.deg2rad(rng.uniform([0, -3, -1.5], [5, 3, 1.5])) * [1, 1, 1] - turn * [0, 0, 1]
    head = np.deg2rad(rng.uniform([4, -10, -3], [14, 10, 3]))
    drop = np.deg2rad(rng.uniform(0, 4, size=2))
    return Trunk(
        pelvis[None],
        turn[None],
        spine[None],
        head[None],
        np.array([[0, 0, -drop[0]]]),
        np.array([[0, 0, drop[1]]]),
    )


def _hang_arm(rotations: Array, side: Side, rng: np.random.Generator) -> None:
    """Upper arm down from the T-pose, elbow a little bent, palm toward the thigh; in place."""
    mirror = 1.0 if side == "left" else -1.0
    down, forward, bend, twist = np.deg2rad(rng.uniform([70, -9, 10, -5], [77, 1, 22, 20]))
    x, y, z = np.eye(3)
    lowered = matrix_from_axis_angle(-mirror * down * z)
    rotations[:, JOINT[f"{side}_shoulder"]] = matrix_from_axis_angle(-forward * x) @ lowered
    half_twist = matrix_from_axis_angle(mirror * twist / 2 * x)
    hinge = matrix_from_axis_angle(-mirror * bend * y)
    rotations[:, JOINT[f"{side}_elbow"]] = hinge @ half_twist
    rotations[:, JOINT[f"{side}_wrist"]] = half_twist


def _relax_fingers(rotations: Array, side: Side, rng: np.random.Generator) -> None:
    """Slightly curled, more so toward the little finger; in place."""
    mirror = 1.0 if side == "left" else -1.0
    base = np.deg2rad(rng.uniform(6, 14))
    for finger, share in (("index", 0.7), ("middle", 1.0), ("ring", 1.2), ("pinky", 1.3)):
        curl = np.array([0.0, 0.0, -mirror * base * share])
        for i in (1, 2, 3):
            rotations[:, JOINT[f"{side}_{finger}{i}"]] = matrix_from_axis_angle(curl)
