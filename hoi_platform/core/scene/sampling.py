"""Draws a scene from its template until it meets every requirement."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hoi_platform.core.arrays import Array, Vec3
from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.physics.settling import SettledPose
from hoi_platform.core.scene.drawing import SceneRequest
from hoi_platform.core.scene.kind import draw_scene
from hoi_platform.core.scene.person import StandingPerson
from hoi_platform.core.scene.seeds import clip_scene_seed, stance_seed
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.scene.templates import SceneTemplate
from hoi_platform.core.scene.visibility import SceneView, all_checks


@dataclass(frozen=True)
class SampledScene:
    """A scene that meets its requirements, with their values."""

    spec: SceneSpec
    checks: list[Check]
    tries: int
    rejections: dict[str, int]
    """How often each requirement was missed before."""


def sample_scene(
    clip: ClipId,
    base_seed: int,
    template: SceneTemplate,
    person: StandingPerson,
    mesh: TriangleMesh,
    settled: SettledPose,
    scale: Vec3,
    rendering: RenderingConfig,
) -> SampledScene:
    """A scene for a clip; ``mesh`` is the object in its own units.

    The same arguments give the same scene. Raises StageError that counts the reasons when
    nothing fits within the template's tries.
    """
    rng = np.random.default_rng(clip_scene_seed(base_seed, clip, rendering))
    rested = mesh.scaled(scale).transformed(_rotation(settled.R_world_object))
    rejections: Counter[str] = Counter()
    request = SceneRequest(
        clip=clip,
        template=template,
        person=person,
        rested=rested,
        R_world_settled=settled.R_world_object,
        scale=scale,
        rendering=rendering,
        stance_seed=stance_seed(base_seed, clip),
    )
    need = template.requirements
    for tries in range(1, need.max_tries + 1):
        spec = draw_scene(request, rng)
        view = SceneView(spec, person, mesh.scaled(scale).transformed(spec.T_world_object_array()))
        checks = all_checks(view, need, rendering)
        failed = [check.name for check in checks if not check.passed]
        if not failed:
            return SampledScene(spec, checks, tries, dict(rejections))
        rejections.update(failed)
    raise StageError(_nothing_fits(clip, need.max_tries, rejections, checks))


def _nothing_fits(clip: ClipId, tries: int, rejections: Counter[str], last: Sequence[Check]) -> str:
    counts = ", ".join(f"{name} {count}" for name, count in rejections.most_common())
    reasons = "; ".join(check.reason for check in last if not check.passed)
    return (
        f"no scene for {clip} in {tries} tries (missed: {counts}; in the last one {reasons}). "
        f"Change the object's scale or the ranges of configs/scenes/{clip.scene}.yaml"
    )


def _rotation(R: Array) -> Array:
    T = np.eye(4)
    T[:3, :3] = R
    return T
