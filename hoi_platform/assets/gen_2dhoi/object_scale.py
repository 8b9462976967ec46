"""The asset ``object_scale``."""

import json
from typing import Final

from hoi_platform.assets.gen_2dhoi.scene_inputs import scene_inputs, scene_settings
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.core.clip import ClipId
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.models import ModelsResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.vision import VisionResource
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.models.answering import answering
from hoi_platform.services.video.license import answer_license

WITHOUT_A_KEY: Final = (
    "set skip_step2: true and either give the object a scale (`hoi objects add --scale` or "
    "`--size`), or have its category in the table of real-world sizes (real_world_sizes.yaml)"
)


def _settings(context: Context) -> dict[str, object]:
    gen, entry = context.settings.gen_2dhoi, context.entry
    if gen.skip_step2:
        category = context.object_id.category
        known = entry.obj_scale is not None or entry.real_size_m is not None
        return {
            "obj_scale": entry.obj_scale,
            "real_size_m": entry.real_size_m,
            "category_size_m": None if known else context.catalogue.category_size(category),
        }
    return (
        scene_settings(context, _shown(context))
        | {
            "model": gen.chatgpt.model,
            "system": gen.chatgpt.scale_evaluation_system_message,
            "max_iterations": gen.scale.max_iterations,
            "name": entry.prompt_name(context.object_id.category),
        }
        | answering(gen.chatgpt)
    )


def _shown(context: Context) -> ClipId:
    """The clip whose scene the vision model is shown."""
    character = context.settings.gen_2dhoi.character
    return ClipId(context.object_id, character, context.scene_name, seed=1)


@stage_asset(
    Look("gen_2dhoi", frozenset({"scale"}), queue="blender", pool="blender"),
    version="2",
    upstream=("object_mesh", "settled_pose"),
    settings=_settings,
    backend=lambda s: "catalogue" if s.gen_2dhoi.skip_step2 else s.gen_2dhoi.chatgpt.model,
    licenses=lambda c: (
        [] if c.settings.gen_2dhoi.skip_step2 else [answer_license(c.settings.gen_2dhoi.chatgpt)]
    ),
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
        inputs = scene_inputs(work, _shown(work.context), models, (1.0, 1.0, 1.0))
        name = work.entry.prompt_name(work.object_id.category)
        folder = work.output("previews")
        scale = searched_scale(model, blender.service(), inputs, name, gen, folder)
    write_whole(work.output("scale"), json.dumps(scale.to_json(), indent=1) + "\n")
    work.facts.update(obj_scale=list(scale.obj_scale), origin=scale.origin)
