"""The asset ``scene_render``."""

import json

from hoi_platform.assets.checks import RENDER_SANITY
from hoi_platform.assets.gen_2dhoi.scene_inputs import scene_inputs, scene_settings
from hoi_platform.assets.looks import frame_preview
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.models import ModelsResource
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.body.license import BODY_LICENSE


def _settings(context: Context) -> dict[str, object]:
    rendering = context.settings.gen_2dhoi.rendering
    # no_rand_seed is in the scene's seed; render_start_end is refused unless it is false.
    others = {"num_rand_scenes", "no_rand_seed", "render_start_end", "gpu"}
    return scene_settings(context, context.clip) | {
        "requirements": context.plain("requirements", context.scene.requirements.model_dump),
        "rendering": context.plain("rendering", lambda: rendering.model_dump(exclude=others)),
    }


@stage_asset(
    Look(
        "gen_2dhoi",
        frozenset({"blender"}),
        preview=frame_preview,
        check=RENDER_SANITY,
        queue="blender",
        pool="blender",
    ),
    version="3",
    upstream=("object_mesh", "settled_pose", "object_scale"),
    settings=_settings,
    backend=lambda _: "cycles",
    licenses=lambda _: [BODY_LICENSE],
)
def scene_render(work: Work, models: ModelsResource, blender: BlenderResource) -> None:
    """A known scene with person and object: conditioning frame, camera, depth, masks, plate."""
    from hoi_platform.core.filtering.check import checks_to_json
    from hoi_platform.services.blender.conditioning import make_scene
    from hoi_platform.services.scene_files import write_scene_files

    x, y, z = json.loads(work.input("object_scale", "scale").read_text())["obj_scale"]
    inputs = scene_inputs(work, work.clip, models, (x, y, z))
    scene = make_scene(blender.service(), inputs, work.scratch("render"), work.progress)
    write_scene_files(scene, work.output)
    write_whole(work.output("checks"), checks_to_json(scene.sampled.checks))
    work.facts.update(scene.facts())
    work.ran = f"cycles on {scene.render.device}"
