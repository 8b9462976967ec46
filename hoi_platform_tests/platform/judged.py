"""Clips of filler up to the filter's verdict, which is a real one."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.stages import Work
from hoi_platform_tests.platform.prepared import fill, kling_platform, prepare

UP_TO_JUDGED = (
    "video_task",
    "interaction_video",
    "human_pose",
    "scene_tracks",
    "object_pose",
    "contact_labels",
    "reconstruction",
)


def judged_clips(results: Path, count: int) -> tuple[PlatformResource, list[ClipId]]:
    """The drill's first clips; every second one has no contact, and is rejected."""
    resource, frame = kling_platform(results), results / "frame.png"
    results.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((36, 64, 3), 128, np.uint8)).save(frame)
    clips = prepare(resource, frame, range(1, count + 1))
    stages = resource.platform().stages(STAGES)
    for clip in clips:
        fill(resource, frame, clip, UP_TO_JUDGED)
        stages.run("filtered_hoi", clip, _judge, lambda _fraction, _text: None)
    return resource, clips


def _judge(work: Work) -> None:
    contact = Check.at_least("contact", 0.9 if work.clip.seed % 2 else 0.1, 0.5, "fraction")
    verdict = Verdict((contact,), kept_frames=40, total_frames=49)
    for above in work.stage.needed(work.context):
        first = ARTIFACTS[above].files[0].key
        work.input(above, first)
    for file in ARTIFACTS["filtered_hoi"].files:
        path = work.output(file.key)
        if path.is_dir():
            (path / "filler").write_text("filler")
        else:
            path.write_text("filler\n")
    work.output("verdict").write_text(json.dumps(verdict.to_json(), indent=1) + "\n")
    failed = ", ".join(verdict.failed)
    work.facts.update(valid=verdict.valid, failed=failed, kept_frames=verdict.kept_frames)
