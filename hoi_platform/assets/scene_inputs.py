"""What ``object_scale`` and ``scene_render`` draw their scenes from."""

from typing import TYPE_CHECKING

from hoi_platform.core.clip import ClipId
from hoi_platform.resources.models import ModelsResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.stages import Work

if TYPE_CHECKING:
    from hoi_platform.services.blender.conditioning import SceneInputs


def scene_inputs(
    work: Work,
    clip: ClipId,
    platform: PlatformResource,
    models: ModelsResource,
    scale: tuple[float, float, float],
) -> "SceneInputs":
    """From the upstream artifacts and today's configuration."""
    from hoi_platform.services.blender.conditioning import SceneInputs
    from hoi_platform.services.blender.settle import read_settled_pose

    body, character = models.character(clip.character)
    gen = work.settings.gen_2dhoi
    return SceneInputs(
        clip=clip,
        base_seed=gen.simulation.seed,
        template=platform.platform().scene_template(clip.scene),
        body=body,
        palette=character.palette,
        mesh_obj=work.input("object_mesh", "mesh") / "model.obj",
        settled=read_settled_pose(work.input("settled_pose", "state")),
        scale=scale,
        rendering=gen.rendering,
    )
