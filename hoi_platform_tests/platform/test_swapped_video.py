"""A video that is exchanged between two stages."""

from pathlib import Path

from hoi_platform.assets.stage import STAGES
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.store import State
from hoi_platform_tests.platform.prepared import fill, kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames


def _status_of_human_pose(resource: PlatformResource, object_id: object) -> str | None:
    (outcome,) = ChainRunner(resource).run(object_id, [1], ["human_pose"])
    return outcome.error


def test_no_stage_is_done_on_a_swapped_video(tmp_path: Path) -> None:
    """A pose would stand as that of a video that it was never seen in."""
    resource = kling_platform(tmp_path / "results")
    frame = make_frames(tmp_path, 1)[0]
    (clip,) = prepare(resource, frame, range(1, 2))
    fill(resource, frame, clip, ("video_task", "interaction_video", "human_pose"))
    assert _status_of_human_pose(resource, clip.object_id) is None
    platform = resource.platform()
    video = platform.store.path("interaction_video", "video", clip)
    video.write_bytes(bytes(len(video.read_bytes())))
    assert platform.stages(STAGES).status("interaction_video", clip).state is State.CORRUPT
    error = _status_of_human_pose(resource, clip.object_id) or ""
    assert "needs interaction_video, which is corrupt" in error
    assert "materialize interaction_video first" in error
