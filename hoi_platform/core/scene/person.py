"""A standing person before it is placed in the world."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES
from hoi_platform.core.geometry.mesh import TriangleMesh

_FINGERS: Final = ("thumb", "index", "middle", "ring", "pinky")
_LEGS: Final = ("pelvis", "hip", "knee")


class Groups(NamedTuple):
    """Which faces (F,) belong to a part of the body."""

    upper: NDArray[np.bool_]
    left_hand: NDArray[np.bool_]
    right_hand: NDArray[np.bool_]
    feet: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class StandingPerson:
    """Vertices and joints in the person's frame: origin on the ground, +y the facing, +z up."""

    body: BodyModel
    vertices: Array  # (V, 3)
    joints: Array  # (55, 3)

    @classmethod
    def of(cls, body: BodyModel, rotations: Array, translation: Array) -> "StandingPerson":
        """From a pose, rotations (55, 3, 3) and pelvis (3,), drawn at the identity."""
        motion = BodyMotion(rotations[None], translation[None], 1.0)
        return cls(body, motion.vertices(body)[0], motion.joints(body)[0])

    @property
    def height_m(self) -> float:
        return self.body.height_m

    @cached_property
    def arm_m(self) -> float:
        """From the shoulder over elbow and wrist to the knuckle of the middle finger."""
        chain = [JOINT[f"left_{name}"] for name in ("shoulder", "elbow", "wrist", "middle1")]
        return float(np.linalg.norm(np.diff(self.joints[chain], axis=0), axis=-1).sum())

    @cached_property
    def groups(self) -> Groups:
        """Faces by the joint that moves their first vertex most."""
        kind = np.array([_kind(name) for name in JOINT_NAMES])
        face_kind = kind[self.body.vertex_joint[self.body.faces[:, 0]]]
        hands = [face_kind == f"{side}_hand" for side in ("left", "right")]
        return Groups(face_kind == "upper", hands[0], hands[1], face_kind == "foot")

    def placed(self, T_world_person: Array) -> tuple[TriangleMesh, Array]:
        """The surface and the joints (55, 3) in the world."""
        R, t = T_world_person[:3, :3], T_world_person[:3, 3]
        mesh = TriangleMesh(self.vertices, self.body.faces).transformed(T_world_person)
        return mesh, self.joints @ R.T + t


def _kind(joint: str) -> str:
    side, _, part = joint.partition("_")
    if part == "wrist" or part[:-1] in _FINGERS:
        return f"{side}_hand"
    if part in ("ankle", "foot"):
        return "foot"
    return "leg" if joint in _LEGS or part in _LEGS else "upper"
