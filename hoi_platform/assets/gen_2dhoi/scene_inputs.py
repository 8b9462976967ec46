"""What ``object_scale`` and ``scene_render`` draw their scenes from."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi_platform.core.clip import ClipId
from hoi_platform.core.scene.seeds import clip_scene_seed, stance_seed
from hoi_platform.resources.models import ModelsResource
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.stages import Work

if TYPE_CHECKING:
    from hoi_platform.services.blender.conditioning import SceneInputs


def scene_settings(context: Context, clip: ClipId) -> dict[str, Any]:
    """The content that a clip's scene is drawn from, but for requirements and rendering."""
    gen = context.settings.gen_2dhoi
    return {
        "scene": context.plain("scene", context.scene.content),
        "character": context.plain("character", context.character.model_dump),
        "scene_seed": clip_scene_seed(gen.simulation.seed, clip, gen.rendering),
        "stance_seed": stance_seed(gen.simulation.seed, clip),
        "use_initial_state": gen.simulation.use_initial_state,
        "gpu": gen.rendering.gpu,
    }


def scene_inputs(
    work: Work, clip: ClipId, models: ModelsResource, scale: tuple[float, float, float]
) -> "SceneInputs":
    """From the upstream artifacts and today's configuration."""
    from hoi_platform.services.blender.conditioning import SceneInputs
    from hoi_platform.services.blender.settle import read_settled_pose

    gen = work.settings.gen_2dhoi
    settled = read_settled_pose(work.input("settled_pose", "state"))
    if not gen.simulation.use_initial_state:
        settled = replace(settled, R_world_object=np.eye(3))
    return SceneInputs(
        clip=clip,
        base_seed=gen.simulation.seed,
        template=work.context.scene,
        body=models.body(clip.character, work.context.character),
        palette=work.context.character.palette,
        mesh_obj=work.input("object_mesh", "mesh") / "model.obj",
        settled=settled,
        scale=scale,
        rendering=gen.rendering,
    )
