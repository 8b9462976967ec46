"""The request that ``video_task`` submits and ``interaction_video`` collects."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.scene.performance import VERSION
from hoi_platform.core.scene.seeds import performance_seed
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.weights import model_identity
from hoi_platform.services.video.backend import SimulatedScene, VideoRequest
from hoi_platform.services.video.identity import request_identity
from hoi_platform.services.video.imported import imported_digest

_PAID: Final = {
    "num_videos",
    "num_video_segments",
    "duration",
    "kling_model_name",
    "kling_mode",
    "seg_idx_for_tail_image",
    "use_all_tail_images",
}
_SIMULATED: Final = {"simulated_fps", "simulated_frames", "simulated_samples"}


def request_settings(context: Context) -> dict[str, Any]:
    """The part of the configuration that a video depends on."""
    video = context.settings.gen_2dhoi.video
    if video.model_api == "imported":
        return {"file": imported_digest(video, str(context.clip))}
    if video.model_api != "simulated":
        return context.plain("paid video", lambda: _paid(video))
    shared = context.plain("simulated video", lambda: _simulated(context))
    return shared | {"performance_seed": _performance_seed(context)}


def _paid(video: VideoConfig) -> dict[str, Any]:
    return video.model_dump(include=_PAID) | model_identity(model=video.model)


def _simulated(context: Context) -> dict[str, Any]:
    """What all simulated videos of an object depend on."""
    video = context.settings.gen_2dhoi.video
    return (
        video.model_dump(include=_SIMULATED)
        | model_identity(model=video.model)
        | {
            "performance": VERSION,
            "grasp": context.grasp.model_dump() if context.grasp else None,
            "gpu": context.settings.gen_2dhoi.rendering.gpu,
        }
    )


def video_request(work: Work, performance: Path | None = None) -> VideoRequest:
    """Built from the same upstream files by both stages, so that both mean the same task.

    ``performance`` is what a simulated video is to show.
    """
    config = work.settings.gen_2dhoi.video
    frame = work.input("scene_render", "frame")
    prompt = work.input("video_prompt", "text").read_text().strip()
    request = VideoRequest(
        clip=str(work.clip),
        fingerprint="",
        frame=frame,
        prompt=prompt,
        config=config,
        scene=_scene(work, performance) if config.model_api == "simulated" else None,
    )
    return replace(request, fingerprint=request_identity(request))


def _performance_seed(context: Context) -> int:
    return performance_seed(context.settings.gen_2dhoi.simulation.seed, context.clip)


def _scene(work: Work, performance: Path | None) -> SimulatedScene:
    return SimulatedScene(
        scene=work.input("scene_render", "scene"),
        person=work.input("scene_render", "person"),
        mesh_obj=work.input("object_mesh", "mesh") / "model.obj",
        seed=_performance_seed(work.context),
        gpu=work.settings.gen_2dhoi.rendering.gpu,
        performance=performance,
    )
