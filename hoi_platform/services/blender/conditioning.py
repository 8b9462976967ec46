"""From a clip's inputs to its rendered scene: draw it, pose the person, render."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hoi_platform.core.arrays import Array, Progress, Vec3
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.characters import PaletteConfig
from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.physics.settling import SettledPose
from hoi_platform.core.scene.clothing import body_colors
from hoi_platform.core.scene.performance.stance import stance_of, standing_pose
from hoi_platform.core.scene.person import StandingPerson
from hoi_platform.core.scene.sampling import SampledScene, sample_scene
from hoi_platform.core.scene.seeds import stance_seed
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.scene.templates import SceneTemplate
from hoi_platform.services.blender.render import ConditioningRender, render_conditioning
from hoi_platform.services.blender.scene_request import Staged
from hoi_platform.services.blender.service import BlenderService


@dataclass(frozen=True)
class SceneInputs:
    """What a clip's scene is made from."""

    clip: ClipId
    base_seed: int
    template: SceneTemplate
    body: BodyModel
    palette: PaletteConfig
    mesh_obj: Path
    settled: SettledPose
    scale: Vec3
    rendering: RenderingConfig


@dataclass(frozen=True)
class RenderedScene:
    """A clip's scene with everything that was rendered of it."""

    sampled: SampledScene
    body: BodyModel
    colors: Array
    """(V, 3) linear RGB."""
    first_frame: BodyMotion
    """One frame: the person as rendered."""
    render: ConditioningRender

    @property
    def spec(self) -> SceneSpec:
        return self.sampled.spec

    def facts(self) -> dict[str, Any]:
        """Figures for the record."""
        return {
            "tries": self.sampled.tries,
            "device": self.render.device,
            "object_px": int(self.render.object_mask.sum()),
            "human_px": int(self.render.human_mask.sum()),
        }


def make_scene(
    blender: BlenderService,
    inputs: SceneInputs,
    folder: Path,
    progress: Progress = lambda _f, _t: None,
) -> RenderedScene:
    """Draw a scene that meets its requirements and render it into ``folder``.

    Raises StageError when no drawn scene meets them.
    """
    progress(0.0, "drawing the scene")
    sampled = _sample(inputs)
    stance = stance_of(inputs.body, sampled.spec)
    first_frame = BodyMotion(stance.rotations[None], stance.translation[None], 1.0)
    colors = body_colors(inputs.body, inputs.palette)
    vertices = first_frame.vertices(inputs.body)[0]
    staged = Staged(sampled.spec, vertices, inputs.body.faces, colors, inputs.mesh_obj)
    render = render_conditioning(blender, staged, inputs.rendering, folder, progress)
    return RenderedScene(sampled, inputs.body, colors, first_frame, render)


def _sample(inputs: SceneInputs) -> SampledScene:
    clip = inputs.clip
    rng = np.random.default_rng(stance_seed(inputs.base_seed, clip))
    pose = standing_pose(inputs.body, np.eye(4), rng)
    return sample_scene(
        clip,
        inputs.base_seed,
        template=inputs.template,
        person=StandingPerson.of(inputs.body, *pose),
        mesh=load_obj(inputs.mesh_obj),
        settled=inputs.settled,
        scale=inputs.scale,
        rendering=inputs.rendering,
    )
