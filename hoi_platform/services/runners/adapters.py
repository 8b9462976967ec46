"""Runners as backends of the vision roles: a request's files in, checked arrays out."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hoi_platform.core.arrays import Progress
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.errors import BadInputError, StageError
from hoi_platform.core.geometry.transforms import inverse
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.services.runners.clip_request import ClipFiles
from hoi_platform.services.runners.contract import RunnerReport
from hoi_platform.services.runners.results import Arrays, read_result
from hoi_platform.services.runners.run import Runner
from hoi_platform.services.vision.human_pose import HumanPoseRequest
from hoi_platform.services.vision.object_pose import ObjectPoseRequest
from hoi_platform.services.vision.scene_tracks import (
    DepthFrames,
    MaskTracks,
    SceneTracksRequest,
)

_LOST_BELOW = 0.05
"""Confidence of a runner's pose below which the frame counts as lost; chosen."""


@dataclass
class RunnerBackend:
    """What all roles share: run the program on a clip and read its arrays."""

    name: str
    role: str
    model: ModelConfig
    runner: Runner
    scratch: Path
    """An existing folder on the results' disk."""
    report: RunnerReport | None = None
    """What ran last."""

    def arrays(self, clip: ClipFiles, progress: Progress) -> Arrays:
        """Raises MissingResourceError and StageError."""
        with TemporaryDirectory(dir=self.scratch, prefix=f"{self.role}-") as name:
            folder = Path(name)
            request = clip.request(self.role, self.name, self.model, folder)
            self.report = self.runner.run(request, folder, progress)
            try:
                return read_result(
                    Path(request.out) / "result.npz",
                    self.role,
                    len(clip.video),
                    clip.camera.shape,
                )
            except BadInputError as error:
                raise StageError(f"{self.name} wrote an unusable result: {error}") from error


@dataclass
class RunnerTool:
    """An external program in any role."""

    backend: RunnerBackend


class RunnerObjectTracker(RunnerTool):
    """An external program in the role ``object_pose``."""

    def track(
        self, request: ObjectPoseRequest, *, progress: Progress | None = None
    ) -> ObjectPoseTrack:
        """See ``ObjectPoseTracker``."""
        clip = ClipFiles(
            video=request.video,
            camera=request.camera,
            object_masks=request.tracks.object_masks,
            human_masks=request.tracks.human_masks,
            T_cam_object0=request.camera.T_cam_world @ request.T_world_object0,
            mesh_obj=request.mesh_obj,
            scale=request.scale,
        )
        found = self.backend.arrays(clip, progress or silent)
        return ObjectPoseTrack(
            request.camera.T_world_cam @ found["Ts_cam_object"],
            found["confidence"],
            found["confidence"] < _LOST_BELOW,
        )


class RunnerMaskTracker(RunnerTool):
    """An external program that follows the masks of frame 0."""

    def track_masks(
        self, request: SceneTracksRequest, *, progress: Progress | None = None
    ) -> MaskTracks:
        """See ``MaskTracker``; frame 0 keeps the given masks."""
        clip = ClipFiles(
            video=request.video,
            camera=request.camera,
            object_masks=request.first_object_mask[None],
            human_masks=request.first_human_mask[None],
        )
        found = self.backend.arrays(clip, progress or silent)
        found["object_masks"][0] = request.first_object_mask
        found["human_masks"][0] = request.first_human_mask
        return MaskTracks(found["object_masks"], found["human_masks"], found["confidence"], ())


class RunnerDepthEstimator(RunnerTool):
    """An external program that estimates metric depth."""

    def estimate_depth(
        self,
        request: SceneTracksRequest,
        masks: MaskTracks,
        *,
        progress: Progress | None = None,
    ) -> DepthFrames:
        """See ``DepthEstimator``."""
        clip = ClipFiles(
            video=request.video,
            camera=request.camera,
            object_masks=masks.object_masks,
            human_masks=masks.human_masks,
        )
        found = self.backend.arrays(clip, progress or silent)
        return DepthFrames(found["depth"].astype(np.float32), ())


class RunnerPoseEstimator(RunnerTool):
    """An external program in the role ``human_pose``."""

    def estimate(
        self, request: HumanPoseRequest, *, progress: Progress | None = None
    ) -> HumanPoseEstimate:
        """See ``HumanPoseEstimator``; the program's motion in the camera is moved to the world."""
        clip = ClipFiles(
            video=request.video,
            camera=request.camera,
            human_masks=request.first_human_mask[None],
            object_masks=np.zeros_like(request.first_human_mask)[None],
        )
        found = self.backend.arrays(clip, progress or silent)
        incam = BodyMotion(found["rotations_incam"], found["translation_incam"], request.video.fps)
        return HumanPoseEstimate(
            motion=incam.transformed(inverse(request.camera.T_cam_world)),
            keypoints_px=found["keypoints_px"],
            foot_contact=found["foot_contact"],
            joint_confidence=found["joint_confidence"],
        )


def report_of(tool: object) -> RunnerReport | None:
    """What an external program said that it ran, in any role; None for other backends."""
    return tool.backend.report if isinstance(tool, RunnerTool) else None


def silent(_fraction: float, _text: str) -> None:
    """Ignores progress."""
