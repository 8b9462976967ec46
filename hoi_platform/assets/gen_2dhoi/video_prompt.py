"""The asset ``video_prompt``."""

from typing import Any, Final

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.core.config.gen_2dhoi import PROMPTLESS_VIDEO
from hoi_platform.core.config.settings import Settings
from hoi_platform.core.scene.prompts import Prompt, template_prompt
from hoi_platform.core.scene.seeds import prompt_seed
from hoi_platform.resources.video import VideoResource
from hoi_platform.resources.vision import VisionResource
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.models.answering import answering
from hoi_platform.services.video.license import answer_license

_REFINEMENT: Final = {"model", "prompt_refinement_system_message"}


def _refines(settings: Settings) -> bool:
    """Nothing is spent on the wording of a prompt that nobody reads."""
    video = settings.gen_2dhoi.video
    return not video.skip_prompt_refinement and video.model_api not in PROMPTLESS_VIDEO


def _name(context: Context) -> str:
    return context.entry.prompt_name(context.object_id.category)


def _template(context: Context) -> Prompt:
    gen = context.settings.gen_2dhoi
    seed = prompt_seed(gen.simulation.seed, context.clip)
    return template_prompt(gen.video.base_prompt, _name(context), seed)


def _settings(context: Context) -> dict[str, Any]:
    gen = context.settings.gen_2dhoi
    prompt = _template(context)
    if not _refines(context.settings):
        return {"prompt": prompt.text}
    words = {"category": context.object_id.category}
    asked = gen.chatgpt.model_dump(include=_REFINEMENT)
    return {"prompt": prompt.text} | words | asked | answering(gen.chatgpt)


@stage_asset(
    Look("gen_2dhoi", frozenset({"prompt"})),
    version="2",
    upstream=("scene_render",),
    settings=_settings,
    backend=lambda s: s.gen_2dhoi.chatgpt.model if _refines(s) else "template",
    licenses=lambda c: (
        [answer_license(c.settings.gen_2dhoi.chatgpt)] if _refines(c.settings) else []
    ),
)
def video_prompt(work: Work, vision: VisionResource, video: VideoResource) -> None:
    """What the video model is asked to imagine; no question is paid for a video that waits for
    approval."""
    gen = work.settings.gen_2dhoi
    name = _name(work.context)
    prompt = _template(work.context)
    if _refines(work.settings):
        from hoi_platform.services.models.refine import refined_prompt

        video.require_releasable(gen.video, work.clip.path)
        model = vision.model(gen, "prompt refinement", "set video.skip_prompt_refinement")
        frame = work.input("scene_render", "frame")
        system = gen.chatgpt.prompt_refinement_system_message
        names = (name, work.object_id.category.replace("_", " "))
        prompt = refined_prompt(prompt, model, frame, work.clip.path, names, system)
    write_whole(work.output("prompt"), prompt.model_dump_json(indent=1))
    write_whole(work.output("text"), prompt.text + "\n")
    work.facts.update(prompt=prompt.text, refined=prompt.refined, reason=prompt.reason)
