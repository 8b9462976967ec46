"""The asset ``video_prompt``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.core.scene.prompts import template_prompt
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("gen_2dhoi", frozenset({"prompt"})),
    version="1",
    upstream=("scene_render",),
    settings=lambda c: {
        "base_prompt": c.settings.gen_2dhoi.video.base_prompt,
        "name": c.entry.name,
    },
    backend=lambda _: "template",
)
def video_prompt(work: Work) -> None:
    """What the video model is asked to imagine."""
    video = work.settings.gen_2dhoi.video
    name = work.entry.prompt_name(work.object_id.category)
    prompt = template_prompt(video.base_prompt, name, work.clip)
    write_whole(work.output("prompt"), prompt.model_dump_json(indent=1))
    write_whole(work.output("text"), prompt.text + "\n")
    work.facts["prompt"] = prompt.text
