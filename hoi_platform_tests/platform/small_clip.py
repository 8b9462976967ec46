"""A tiny clip whose every artifact the vision stages can read, made without rendering."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate, save_estimate
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.body.anny_body import save_body
from hoi_platform.services.video.codec import write_video
from hoi_platform_tests.hoi_samples import object_path, standing, stick_body
from hoi_platform_tests.platform.prepared import DRILL
from hoi_platform_tests.services.viewer.scenes import plain_scene, write_box_obj

FRAMES, HEIGHT, WIDTH, FPS = 5, 36, 64, 12.0
CAMERA: Final[Camera] = look_at(
    WIDTH, HEIGHT, 70.0, np.array([0.0, 3.0, 1.0]), np.array([0.0, 0.0, 0.9])
)
GRAY: Final = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
UP_TO: Final = "contact_labels"
"""The last stage that the clip has."""


def first_mask() -> np.ndarray:
    """Where the object is in frame 0; the person is everywhere else."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[10:14, 20:24] = True
    return mask


def still_estimate() -> HumanPoseEstimate:
    """A person who stands."""
    return HumanPoseEstimate(
        motion=standing(FRAMES, FPS),
        keypoints_px=np.ones((FRAMES, 71, 3)),
        foot_contact=np.ones((FRAMES, 2)),
        joint_confidence=np.full((FRAMES, 55), 0.9),
    )


def make_clip(resource: PlatformResource) -> ClipId:
    """Every artifact up to ``UP_TO``, as today's settings ask for them."""
    platform = resource.platform()
    stages, clip = platform.stages(STAGES), platform.clip(DRILL, 1)
    order = flow_order()
    for name in order[: order.index(UP_TO) + 1]:
        subject = DRILL if ARTIFACTS[name].scope == "object" else clip
        stages.run(name, subject, _body(name), lambda _fraction, _text: None)
    return clip


def _body(name: str) -> Callable[[Work], None]:
    def body(work: Work) -> None:
        for above in work.stage.upstream:
            work.input(above, _SOME_FILE[above])
        _WRITE.get(name, _filler)(work)

    return body


_SOME_FILE: Final = {
    "object_mesh": "mesh",
    "settled_pose": "state",
    "object_scale": "scale",
    "scene_render": "frame",
    "video_prompt": "text",
    "video_task": "task",
    "performance": "performance",
    "interaction_video": "video",
    "human_pose": "motion",
    "scene_tracks": "masks",
    "object_pose": "poses",
}


def _filler(work: Work) -> None:
    for file in ARTIFACTS[work.stage.name].files:
        path = work.output(file.key)
        if path.is_dir():
            (path / "filler").write_text(work.stage.name)
        else:
            path.write_text(work.stage.name)


def _mesh(work: Work) -> None:
    _filler(work)
    write_box_obj(work.output("mesh")).rename(work.output("mesh") / "model.obj")


def _render(work: Work) -> None:
    _filler(work)
    Image.fromarray(GRAY).save(work.output("frame"), format="png")
    spec = plain_scene(CAMERA, object_path(FRAMES, (0.3, 0.2, 0.9))[0])
    work.output("scene").write_text(spec.model_dump_json())
    person, plate = work.output("person"), work.output("plate")
    save_body(stick_body(), person / "body.npz")
    first = standing(1)
    np.savez(person / "first_frame.npz", rotations=first.rotations, translation=first.translation)
    Image.fromarray(GRAY).save(plate / "plate.png")
    np.savez(plate / "depth.npz", depth=np.full((HEIGHT, WIDTH), 4.0))
    _masks(work.output("foundation_pose"))


def _masks(folder: Path) -> None:
    for name, mask in (("masks", first_mask()), ("human_masks", ~first_mask())):
        (folder / name).mkdir()
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / name / "000000.png")


def _video(work: Work) -> None:
    _filler(work)
    write_video(work.output("video"), np.tile(GRAY, (FRAMES, 1, 1, 1)), FPS)
    work.output("checks").write_text("[]")


def _pose(work: Work) -> None:
    save_estimate(still_estimate(), CAMERA.T_cam_world, work.output("motion"))


def _tracks(work: Work) -> None:
    still = np.tile(first_mask(), (FRAMES, 1, 1))
    depth = np.full(still.shape, 2.0, np.float32)
    tracks = SceneTracks(still, ~still, depth, np.ones((FRAMES, 2)))
    tracks.save(work.output("masks"), work.output("depth"))


def _object(work: Work) -> None:
    poses = object_path(FRAMES, (0.3, 0.2, 0.9))
    track = ObjectPoseTrack(poses, np.ones(FRAMES), np.zeros(FRAMES, bool))
    track.save(work.output("poses"), CAMERA)


_WRITE: Final[dict[str, Callable[[Work], None]]] = {
    "object_mesh": _mesh,
    "scene_render": _render,
    "interaction_video": _video,
    "human_pose": _pose,
    "scene_tracks": _tracks,
    "object_pose": _object,
}
