"""The asset ``object_scale``."""

import json
from typing import Final

from hoi_platform.assets.scene_inputs import scene_inputs
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.core.clip import ClipId
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.models import ModelsResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.vision import VisionResource
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Context, Work

WITHOUT_A_KEY: Final = (
    "set skip_step2: true and either give the object a scale (`hoi objects add --scale` or "
    "`--size`), or have its category in the table of real-world sizes (real_world_sizes.yaml)"
)


def _settings(context: Context) -> dict[str, object]:
    gen = context.settings.gen_2dhoi
    if gen.skip_step2:
        return {"obj_scale": context.entry.obj_scale, "real_size_m": context.entry.real_size_m}
    return {
        "chatgpt": gen.chatgpt.model_dump(),
        "max_iterations": gen.scale.max_iterations,
        "character": gen.character,
        "scene": context.entry.scene,
        "name": context.entry.name,
    }


@stage_asset(
    Look("gen_2dhoi", frozenset({"scale"})),
    version="2",
    upstream=("object_mesh", "settled_pose"),
    settings=_settings,
    backend=lambda s: "catalogue" if s.gen_2dhoi.skip_step2 else s.gen_2dhoi.chatgpt.model,
)
def object_scale(
    work: Work,
    platform: PlatformResource,
    models: ModelsResource,
    blender: BlenderResource,
    vision: VisionResource,
) -> None:
    """The factor that turns the mesh's units into meters, and how it was found."""
    from hoi_platform.services.meshes.scale import known_scale

    gen, mesh_obj = work.settings.gen_2dhoi, work.input("object_mesh", "mesh") / "model.obj"
    if gen.skip_step2:
        catalogue = platform.platform().catalogue
        scale = known_scale(work.object_id, work.entry, mesh_obj, catalogue)
    else:
        from hoi_platform.services.models.scale import searched_scale

        model = vision.model(gen, "the scale search", WITHOUT_A_KEY)
        clip = ClipId(work.object_id, gen.character, work.entry.scene, seed=1)
        inputs = scene_inputs(work, clip, platform, models, (1.0, 1.0, 1.0))
        name = work.entry.prompt_name(work.object_id.category)
        folder = work.output("previews")
        scale = searched_scale(model, blender.service(), inputs, name, gen, folder)
    write_whole(work.output("scale"), json.dumps(scale.to_json(), indent=1) + "\n")
    work.facts.update(obj_scale=list(scale.obj_scale), origin=scale.origin)
