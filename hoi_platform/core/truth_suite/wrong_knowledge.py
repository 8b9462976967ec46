"""Errors in what the reconstruction knows about a scene that was filmed correctly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import NUM_BODY_JOINTS
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.scene.spec import SceneSpec

_JOINT_RAD: Final = np.deg2rad(4.0)
"""Radians by which each body joint of the first pose is off; chosen."""
_ROOT_M: Final = 0.015
"""Meters by which the first pose's pelvis is off; chosen."""
_BODY_SCALE: Final = 1.05
"""Factor of the body's size; chosen."""
_FOCAL_SCALE: Final = 1.01
"""Factor of the focal length; chosen."""


@dataclass(frozen=True)
class Knowledge:
    """What later stages read about a clip beside its video."""

    spec: SceneSpec
    body: BodyModel
    first_frame: BodyMotion


Mistake = Callable[[Knowledge, np.random.Generator], Knowledge]


def first_pose(knowledge: Knowledge, rng: np.random.Generator) -> Knowledge:
    """Each body joint of frame 0 is 4° off about a random axis, the pelvis 15 mm."""
    first = knowledge.first_frame
    rotations = first.rotations.copy()
    turns = _JOINT_RAD * _directions(NUM_BODY_JOINTS, rng)
    rotations[0, :NUM_BODY_JOINTS] = rotations[0, :NUM_BODY_JOINTS] @ matrix_from_axis_angle(turns)
    translation = first.translation + _ROOT_M * _directions(1, rng)
    return replace(knowledge, first_frame=BodyMotion(rotations, translation, first.fps))


def body(knowledge: Knowledge, _rng: np.random.Generator) -> Knowledge:
    """The body is 5 % too large."""
    known = knowledge.body
    larger = replace(
        known,
        rest_vertices=known.rest_vertices * _BODY_SCALE,
        rest_joints=known.rest_joints * _BODY_SCALE,
    )
    return replace(knowledge, body=larger)


def camera(knowledge: Knowledge, _rng: np.random.Generator) -> Knowledge:
    """The focal length is 1 % too long."""
    spec = knowledge.spec
    focal = spec.camera.focal_px * _FOCAL_SCALE
    wrong = spec.camera.model_copy(update={"focal_px": focal})
    return replace(knowledge, spec=spec.model_copy(update={"camera": wrong}))


WRONG_KNOWLEDGE: Final[dict[str, Mistake]] = {
    "first_pose": first_pose,
    "body": body,
    "camera": camera,
}


def _directions(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 3) random unit vectors."""
    vectors = rng.normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
