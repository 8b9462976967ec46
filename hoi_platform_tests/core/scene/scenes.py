"""A standing stick person, a box and a template: scenes without Anny and Blender."""

from functools import cache
from pathlib import Path

import numpy as np
import yaml

from hoi_platform.core.arrays import Vec3
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.physics.settling import SettledPose
from hoi_platform.core.scene.boxes import box_mesh
from hoi_platform.core.scene.kind import parse_template
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.person import StandingPerson
from hoi_platform.core.scene.sampling import SampledScene, sample_scene
from hoi_platform.core.scene.templates import SceneTemplate
from hoi_platform_tests.hoi_samples import standing, stick_body

_TEMPLATES = Path(__file__).parents[3] / "configs" / "scenes"
RENDERING = RenderingConfig(width=640, height=360)
UNIT: Vec3 = (1.0, 1.0, 1.0)
THING = box_mesh(BoxSpec(pos=(0.0, 0.0, 0.0), size=(0.12, 0.1, 0.2)))


def template(scene: str = "indoor2-manipulation", **changes: object) -> SceneTemplate:
    """A shipped template, with some of its fields replaced."""
    data = yaml.safe_load((_TEMPLATES / f"{scene}.yaml").read_text())
    return parse_template(data | changes, "template")


def stick_person() -> StandingPerson:
    """1.7 m tall, arms hanging, soles on the ground."""
    body, motion = stick_body(), standing(1)
    rotations = motion.rotations[0]
    for side, sign in (("left", -1.0), ("right", 1.0)):
        down = matrix_from_axis_angle(np.array([0, 0, sign * np.deg2rad(75)]))
        rotations[JOINT[f"{side}_shoulder"]] = down
    return StandingPerson.of(body, rotations, motion.translation[0])


def settled(R: np.ndarray | None = None) -> SettledPose:
    """A rest in the given rotation."""
    rotation = np.eye(3) if R is None else R
    return SettledPose(rotation, 0.1, 0, 10, 0, 0, 0, 0.05, "convex hull, 8 vertices")


def clip(seed: int = 1) -> ClipId:
    return ClipId(ObjectId("test", "box"), "stick", "indoor2-manipulation", seed)


def sampled(seed: int = 1, thing: TriangleMesh = THING, **changes: object) -> SampledScene:
    """A scene with the box on the table."""
    return sample_scene(
        clip(seed), 42, template(**changes), stick_person(), thing, settled(), UNIT, RENDERING
    )


@cache
def floor_scene(seed: int = 1) -> SampledScene:
    """A scene with the box on the floor."""
    ground = template("indoor2-pickup-ground")
    person = stick_person()
    return sample_scene(clip(seed), 42, ground, person, THING, settled(), UNIT, RENDERING)


@cache
def standard_scene(seed: int = 1) -> SampledScene:
    """The template as it is; drawn once."""
    return sampled(seed)
