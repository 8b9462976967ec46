"""The asset ``interaction_video``."""

from hoi_platform.assets.checks import VIDEO_SANITY
from hoi_platform.assets.gen_2dhoi.video_request import request_settings, video_request
from hoi_platform.assets.looks import video_preview
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.core.errors import PendingError, TransientError
from hoi_platform.core.filtering.check import checks_to_json
from hoi_platform.resources.video import VideoResource
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.video.backend import VideoTask

_REQUEST = ("object_mesh", "scene_render", "video_prompt", "video_task")


def _needs(context: Context) -> tuple[str, ...]:
    """Only the simulated backend knows what is performed."""
    simulated = context.settings.gen_2dhoi.video.model_api == "simulated"
    return (*_REQUEST, "performance") if simulated else _REQUEST


@stage_asset(
    Look(
        "gen_2dhoi",
        frozenset({"video"}),
        preview=video_preview,
        check=VIDEO_SANITY,
        queue="blender",
        pool="blender",
    ),
    version="4",
    upstream=(*_REQUEST, "performance"),
    needs=_needs,
    settings=request_settings,
    backend=lambda s: s.gen_2dhoi.video.model_api,
    reads_truth=True,
)
def interaction_video(work: Work, video: VideoResource) -> None:
    """The finished video, collected, checked against its conditioning frame.

    While its paid task runs, there is no video and no failure: the sensor video_poll requests the
    clip when it is ready. A bought video that is not the ordered one is kept with what it did not
    pass; the clip's chain ends here until a person accepts it.
    """
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.filtering.video_sanity import video_checks
    from hoi_platform.services.video.codec import read_video

    task = VideoTask.model_validate_json(work.input("video_task", "task").read_bytes())
    backend = video.backend(work.settings.gen_2dhoi.video)
    shown = work.input("performance", "performance") if work.needs("performance") else None
    target = work.output("video")
    try:
        collected = backend.collect(task, video_request(work, shown), target, work.progress)
    except PendingError as pending:
        if video.wait:  # as long as it was told to
            raise TransientError(str(pending)) from pending
        raise
    work.ran = f"{task.provider} {task.model}"
    if collected.truth is not None:
        collected.truth.save(work.output("truth"))
    inputs = ClipInputs(work)
    checks = video_checks(read_video(target), inputs.frame, inputs.camera)
    by_name = {check.name: check for check in (*checks, *collected.failed)}
    write_whole(work.output("checks"), checks_to_json(by_name.values()))
    work.facts.update(collected.facts)
