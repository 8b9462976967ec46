"""The asset ``video_task``."""

from hoi_platform.assets.gen_2dhoi.video_request import request_settings, video_request
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.video import VideoResource
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.video.license import video_license


@stage_asset(
    Look("gen_2dhoi", frozenset({"video"}), pool="kling"),
    version="3",
    upstream=("object_mesh", "scene_render", "video_prompt"),
    settings=request_settings,
    backend=lambda s: s.gen_2dhoi.video.model_api,
    licenses=lambda c: [video_license(c.settings.gen_2dhoi.video)],
)
def video_task(work: Work, video: VideoResource) -> None:
    """The submitted request for a video; returns at once, however long the backend takes."""
    backend = video.backend(work.settings.gen_2dhoi.video)
    task = backend.submit(video_request(work))
    write_whole(work.output("task"), task.model_dump_json(indent=1))
    work.ran = f"{task.provider} {task.model}"
    work.facts.update(task.model_dump(include={"provider", "model", "external_task_id", "state"}))
