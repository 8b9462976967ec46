"""Clips whose stages above ``video_task`` are done, with files that cost no rendering."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.geometry.camera import look_at
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.stages import Work
from hoi_platform_tests.services.viewer.scenes import plain_scene

DRILL = ObjectId("ComAsset", "cordless_drill")
ABOVE = ("object_mesh", "settled_pose", "object_scale", "scene_render", "video_prompt")


def kling_platform(results: Path, **video: object) -> PlatformResource:
    """The drill, to be bought from kling-ai."""
    values = {"model_api": "kling-ai", "video_retry_wait": 0.05, **video}
    overrides = {"gen_2dhoi": {"video": values}}
    return PlatformResource(results_dir=str(results), profile="full", overrides=overrides)


def prepare(
    resource: PlatformResource,
    frame: Path,
    seeds: range,
    above: Sequence[str] = ABOVE,
    object_id: ObjectId = DRILL,
) -> list[ClipId]:
    """Make the artifacts above ``video_task``: the frame is given, the rest is filler."""
    platform = resource.platform()
    stages = platform.stages(STAGES)
    clips = [platform.clip(object_id, seed) for seed in seeds]
    for name in above:
        subjects = [object_id] if ARTIFACTS[name].scope == "object" else clips
        for subject in subjects:
            stages.run(name, subject, _filler(name, frame), lambda _f, _t: None)
    return clips


def fill(resource: PlatformResource, frame: Path, clip: ClipId, assets: tuple[str, ...]) -> None:
    """Make further artifacts of a prepared clip, of filler."""
    stages = resource.platform().stages(STAGES)
    for name in assets:
        stages.run(name, clip, _filler(name, frame), lambda _f, _t: None)


def _filler(name: str, frame: Path) -> Callable[[Work], None]:
    def body(work: Work) -> None:
        for file in ARTIFACTS[name].files:
            path = work.output(file.key)
            if path.is_dir():
                (path / "filler").write_text(name)
            elif file.key == "frame":
                path.write_bytes(frame.read_bytes())
            elif file.key == "checks":
                path.write_text("[]")
            elif file.key == "scene":
                path.write_text(_scene(frame).model_dump_json())
            else:
                path.write_text(f"A person takes the drill: {work.subject}")
        for above in work.stage.needed(work.context):
            work.read[above] = _digest(work, above)

    return body


def _scene(frame: Path) -> SceneSpec:
    """A room seen by a camera of the frame's size."""
    with Image.open(frame) as image:
        camera = look_at(*image.size, 400.0, np.array([3.5, 2.0, 1.6]), np.array([0.2, 0.6, 0.9]))
    return plain_scene(camera, np.eye(4))


def _digest(work: Work, above: str) -> str:
    from hoi_platform.core.formats.artifacts import upstream_subject

    record = work.store.record(above, upstream_subject(above, work.subject))
    assert record is not None
    return record.digest
