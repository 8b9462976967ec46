"""What every performance obeys, measured on the skinned body over all frames."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from hoi_platform.core.body.ik import SIDES, Side, joint_frame
from hoi_platform.core.body.limits import limit_excess
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import Array, rotation_angle
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.scene.performance.animate import Animation
from hoi_platform.core.scene.performance.grasp import HandGrasp
from hoi_platform.core.scene.performance.surroundings import Solid, box_distance
from hoi_platform.core.scene.spec import SceneSpec

Mask = NDArray[np.bool_]

PENETRATION_M: Final = 0.008
SELF_PENETRATION_M: Final = 0.015
GRIP_M: Final = 0.0028
"""A hand that holds is within 3 mm of the surface; the grid of distances errs by up to 0.2 mm."""
LIMIT_EXCESS_DEG: Final = 2.0
REACH_ERROR_M: Final = 5e-4
ARM_SPEED_RAD_S: Final = 8.8
"""Largest angular speed of a shoulder, an elbow or a wrist (chosen: brisk, not hasty)."""


@dataclass(frozen=True)
class Violation:
    """One broken law."""

    law: str
    value: float
    limit: float

    def __str__(self) -> str:
        return f"{self.law} is {self.value:.4g}, limit {self.limit:g}"


@dataclass(frozen=True)
class Witness:
    """The vertices of a body on which laws are measured."""

    body: BodyModel
    indices: NDArray[np.int64]
    normals: Array  # (N, 3) at rest
    arms: Mask
    """(N,) forearms and hands."""
    trunk: Mask
    """(N,) trunk, head and thighs."""

    @classmethod
    def of(cls, body: BodyModel) -> "Witness":
        names = np.array(JOINT_NAMES)[body.vertex_joint]
        limbs = ("elbow", "wrist", "index", "middle", "ring", "pinky", "thumb")
        arms = np.array([any(part in name for part in limbs) for name in names])
        core = ("pelvis", "spine1", "spine2", "spine3", "head", "neck", "left_hip", "right_hip")
        trunk = np.isin(names, core)
        order = np.arange(len(names))
        keep = order[np.where(arms, order % 3 == 0, order % 5 == 0)]
        normals = _vertex_normals(body)[keep]
        return cls(body.subset(keep), keep, normals, arms[keep], trunk[keep])


def _vertex_normals(body: BodyModel) -> Array:
    """(V, 3) area-weighted, at rest."""
    areas = TriangleMesh(body.rest_vertices, body.faces).area_vectors.repeat(3, axis=0)
    normals = np.zeros_like(body.rest_vertices)
    np.add.at(normals, body.faces.ravel(), areas)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class Measured:
    """An animation on a witness' vertices."""

    animation: Animation
    witness: Witness
    vertices: Array  # (T, N, 3)
    normals: Array  # (T, N, 3)
    object_distance: Array  # (T, N)

    @classmethod
    def of(cls, animation: Animation, witness: Witness, solid: Solid) -> "Measured":
        body = witness.body
        posed = body.pose(torch.as_tensor(animation.rotations), torch.as_tensor(animation.pelvis))
        vertices = body.skin(posed).numpy()
        R = posed.R_world_joint.numpy()[:, body.vertex_joint]
        normals = (R @ witness.normals[:, :, None])[..., 0]
        local = transform_points(inverse(animation.Ts_world_object), vertices)
        return cls(animation, witness, vertices, normals, solid.distance(local))

    def hand_distance(self) -> Array:
        """(T, 2) of the left and the right hand to the object."""
        joint = np.array(JOINT_NAMES)[self.witness.body.vertex_joint]
        columns = []
        for side in SIDES:
            fingers = np.char.startswith(joint, f"{side}_") & self.witness.arms
            fingers &= joint != f"{side}_elbow"
            columns.append(self.object_distance[:, fingers].min(axis=1))
        return np.stack(columns, axis=-1)


def violations(
    measured: Measured,
    spec: SceneSpec,
    solid: Solid,
    grasp: HandGrasp,
    held: Mask,
    side: int,
    fps: float,
) -> list[Violation]:
    """The broken laws of an animation whose hand ``side`` (0, 1) has the object while ``held``."""
    animation, witness = measured.animation, measured.witness
    excess = np.rad2deg(limit_excess(animation.rotations))
    worst = JOINT_NAMES[int(excess.max(axis=0).argmax())]
    surface = solid.mesh.sample_surface(500, np.random.default_rng(0))[0]
    object_points = transform_points(animation.Ts_world_object, surface[None])
    wrist = JOINT[f"{SIDES[side]}_wrist"]
    _, at = joint_frame(witness.body, animation.rotations, animation.pelvis, wrist)
    planned = (animation.Ts_world_object @ grasp.T_object_wrist)[:, :3, 3]
    miss = np.linalg.norm(at - planned, axis=-1)[held]
    rows = [
        ("wrist error (m)", miss.max(initial=0), REACH_ERROR_M),
        (f"joint limit excess of {worst} (deg)", excess.max(), LIMIT_EXCESS_DEG),
        (
            "body in table (m)",
            -box_distance(spec.table, measured.vertices).min(),
            PENETRATION_M,
        ),
        ("body in object (m)", -measured.object_distance.min(), PENETRATION_M),
        ("object in table (m)", -box_distance(spec.table, object_points).min(), PENETRATION_M),
        ("arm in trunk (m)", self_penetration(measured), SELF_PENETRATION_M),
        ("grip gap (m)", measured.hand_distance()[held, side].max(initial=0), GRIP_M),
        ("speed of an arm joint (rad/s)", arm_speed(animation, SIDES[side], fps), ARM_SPEED_RAD_S),
    ]
    return [Violation(law, float(value), limit) for law, value, limit in rows if value > limit]


def self_penetration(measured: Measured, every: int = 4) -> float:
    """Deepest point of forearms and hands below the skin of trunk, head and thighs (m)."""
    from scipy.spatial import cKDTree

    deepest = 0.0
    witness = measured.witness
    for frame in range(0, len(measured.vertices), every):
        skin = measured.vertices[frame, witness.trunk]
        points = measured.vertices[frame, witness.arms]
        distance, nearest = cKDTree(skin).query(points, distance_upper_bound=0.08)
        near = np.isfinite(distance)
        offset = points[near] - skin[nearest[near]]
        normal = measured.normals[frame, witness.trunk][nearest[near]]
        deepest = max(deepest, float((-(offset * normal).sum(-1)).max(initial=0.0)))
    return deepest


def arm_speed(animation: Animation, side: Side, fps: float) -> float:
    """The largest angular speed of the arm's joints from one frame to the next (rad/s)."""
    fastest = 0.0
    for name in ("shoulder", "elbow", "wrist"):
        R = animation.rotations[:, JOINT[f"{side}_{name}"]]
        fastest = max(fastest, float(rotation_angle(R[:-1], R[1:]).max()))
    return fastest * fps
