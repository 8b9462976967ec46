"""A tiny clip forevery role, and what a program in the role is asked through its socket."""

import os
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Progress
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.backends import ModelConfig, RunnerConfig
from hoi_platform.core.config.recon_4dhoi import ContactConfig
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.services.backends.registry import Role, find_backend
from hoi_platform.services.backends.uses import ClipUse
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.contact import ContactRequest
from hoi_platform.services.vision.hands import HandsRequest
from hoi_platform.services.vision.human_pose import HumanPoseRequest
from hoi_platform.services.vision.landmarks import LandmarkTrack
from hoi_platform.services.vision.object_pose import ObjectPoseRequest
from hoi_platform.services.vision.scene_tracks import MaskTracks, SceneTracksRequest
from hoi_platform_tests.hoi_samples import box_mesh, object_path, standing, stick_body

STAND_IN: Final = Path(__file__).with_name("stand_in.py")
FRAMES, HEIGHT, WIDTH = 5, 24, 32
CAMERA: Final = look_at(WIDTH, HEIGHT, 40.0, np.array([0.0, 3.0, 1.0]), np.array([0.0, 0.0, 0.9]))
VIDEO: Final = Video(np.zeros((FRAMES, HEIGHT, WIDTH, 3), np.uint8), 12.0)
POSES: Final = object_path(FRAMES, (0.3, 0.2, 0.9))
SEEN: Final = np.full((FRAMES, 2), 0.7)


def _one_pixel() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[5, 5] = True
    return mask


def motion() -> BodyMotion:
    return standing(FRAMES, VIDEO.fps)


def body_landmarks() -> LandmarkTrack:
    """A body whose left wrist is at (8, 9) px, the right one at (20, 9); lost in the last frame."""
    found = LandmarkTrack.empty(FRAMES, 33)
    found.uv_confidence[:-1] = (14.0, 12.0, 0.9)
    found.uv_confidence[:-1, 15, :2], found.uv_confidence[:-1, 16, :2] = (8, 9), (20, 9)
    found.metric[:-1] = 0.0
    return found


def scene_request() -> SceneTracksRequest:
    plate = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    depth = np.full((HEIGHT, WIDTH), 4.0)
    first = _one_pixel()
    return SceneTracksRequest(VIDEO, CAMERA, first, ~first, plate, depth, stick_body(), motion())


def _masks() -> MaskTracks:
    still = np.tile(_one_pixel(), (FRAMES, 1, 1))
    return MaskTracks(still, ~still, np.ones((FRAMES, 2)), ())


def _object_pose(tool: Any, progress: Progress) -> Any:
    masks = _masks()
    depth = np.ones(masks.object_masks.shape, np.float32)
    request = ObjectPoseRequest(
        video=VIDEO,
        camera=CAMERA,
        tracks=SceneTracks(masks.object_masks, masks.human_masks, depth, masks.confidence),
        mesh_obj=Path("model.obj"),
        scale=(1.0, 1.0, 1.0),
        T_world_object0=POSES[0],
        first_frame_rgb=VIDEO.frames[0],
    )
    return tool.track(request, progress=progress)


def _human_pose(tool: Any, progress: Progress) -> Any:
    request = HumanPoseRequest(VIDEO, CAMERA, stick_body(), standing(1), ~_one_pixel())
    return tool.estimate(request, progress=progress)


def _hands(tool: Any, progress: Progress) -> Any:
    return tool.track(HandsRequest(VIDEO, CAMERA, body_landmarks()), progress=progress)


def _contact(tool: Any, progress: Progress) -> Any:
    request = ContactRequest(
        load_video=lambda: VIDEO,
        camera=CAMERA,
        body=stick_body(),
        motion=motion(),
        mesh=TriangleMesh(*box_mesh()),
        mesh_obj=Path("model.obj"),
        scale=(1.0, 1.0, 1.0),
        Ts_world_object=POSES,
        visibility=SEEN,
        config=ContactConfig(contact_interval=2),
    )
    return tool.label(request, progress=progress)


ASK: Final = MappingProxyType(
    {
        "object_pose": _object_pose,
        "masks": lambda tool, progress: tool.track_masks(scene_request(), progress=progress),
        "depth": lambda tool, progress: tool.estimate_depth(
            scene_request(), _masks(), progress=progress
        ),
        "human_pose": _human_pose,
        "hands": _hands,
        "contact": _contact,
    }
)
"""Role → its socket, asked about the clip."""


def program(role: Role, scratch: Path, fault: str, script: Path = STAND_IN, **settings: Any) -> Any:
    """The stand-in in a role, as the registry makes it."""
    settings = {"idle_timeout_s": 30.0, **settings}
    command = [sys.executable, str(script), fault]
    runner = RunnerConfig(command=command, **settings)

    def no_peer(other: Role) -> Any:
        raise AssertionError(f"a program asks nobody, least of all for {other}")

    use = ClipUse(
        role=role,
        name="runner",
        model=ModelConfig(runner=runner),
        environ=os.environ,
        scratch=lambda: scratch,
        peer=no_peer,
    )
    backend = find_backend(role, "runner", "test")
    return backend.make(use)
