"""Performances of library objects by real characters, in scenes drawn without Blender."""

from functools import cache

import numpy as np

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.physics.settling import flush, rigid_hull
from hoi_platform.core.scene.library.cordless_drill import UNIT_M
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.core.scene.performance.kinds.manipulation import perform
from hoi_platform.core.scene.performance.stance import standing_pose
from hoi_platform.core.scene.person import StandingPerson
from hoi_platform.core.scene.sampling import sample_scene
from hoi_platform.core.scene.seeds import stance_seed
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform_tests.core.scene.performance.audit import Act
from hoi_platform_tests.core.scene.scenes import RENDERING, settled, template
from hoi_platform_tests.people import person


@cache
def _object(name: str) -> tuple[TriangleMesh, GraspHint, float]:
    built = BUILDERS[name]().centered()
    return built.mesh.geometry(), built.grasp, UNIT_M if name == "cordless_drill" else 1.0


@cache
def scene(name: str, seed: int, character: str = "kid") -> SceneSpec:
    """A scene of the shipped template with the object standing upright."""
    body = person(character)
    mesh, _, unit = _object(name)
    scaled = mesh.scaled(unit)
    upright = flush(rigid_hull(scaled.vertices, scaled.faces), np.eye(3))
    clip = ClipId(ObjectId("laws", name), character, "indoor2-manipulation", seed)
    rng = np.random.default_rng(stance_seed(42, clip))
    stance = StandingPerson.of(body, *standing_pose(body, np.eye(4), rng))
    scale = (unit, unit, unit)
    return sample_scene(clip, 42, template(), stance, mesh, settled(upright), scale, RENDERING).spec


@cache
def act(name: str, seed: int, character: str = "kid") -> Act:
    """Four seconds at 6 frames per second, made once."""
    return fresh_act(name, seed, character)


def fresh_act(
    name: str, seed: int, character: str = "kid", frames: int = 25, fps: float = 6.0
) -> Act:
    """The performance in ``scene(name, seed, character)``."""
    body, spec = person(character), scene(name, seed, character)
    mesh, hint, unit = _object(name)
    rng = np.random.default_rng(seed)
    performance = perform(body, spec, mesh.scaled(unit), frames, fps, rng, hint)
    return Act(body, spec, mesh.scaled(unit), performance)
