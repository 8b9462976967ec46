"""The role ``human_pose``: a person's body and hands in every frame of a video.

Its socket and its embedded backend: landmarks by MediaPipe, then a fit of the known character.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.fitting.fit import fit_motion
from hoi_platform.core.body.fitting.observation import KeypointObservation, nothing_seen
from hoi_platform.core.body.keypoints import (
    KEYPOINT,
    LEFT_HAND_KEYPOINTS,
    POSE_KEYPOINTS,
    RIGHT_HAND_KEYPOINTS,
)
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.hands import (
    HandsRequest,
    HandTracker,
    MediapipeHands,
    without_doubles,
)
from hoi_platform.services.vision.landmarks import LandmarkTrack, toward
from hoi_platform.services.vision.mediapipe_body import POSE_LANDMARK, body_landmarks
from hoi_platform.services.vision.progress import silent

_DETECTION_SHARE: Final = 0.6
"""Share of detection in the work, for the progress; chosen."""
_BODY_SHARE: Final = 1 / 3
"""Share of the body in detection, for the progress; chosen: each hand takes as long."""
_POSE_ROWS: Final = [KEYPOINT[name] for name in POSE_KEYPOINTS]
_POSE_COLUMNS: Final = [POSE_LANDMARK[name] for name in POSE_KEYPOINTS]
_HAND_ROWS: Final = [
    [KEYPOINT[name] for name in names] for names in (LEFT_HAND_KEYPOINTS, RIGHT_HAND_KEYPOINTS)
]


@dataclass(frozen=True)
class HumanPoseRequest:
    """A clip of a static camera and what is known of its first frame.

    Raises BadInputError when the shapes disagree.
    """

    video: Video
    camera: Camera
    body: BodyModel
    first_frame: BodyMotion
    """One frame: the pose that was rendered, in the world."""
    first_human_mask: NDArray[np.bool_]
    """(height, width): the person in the first frame; may be empty."""
    scene_depth: Array | None = None
    """(height, width): depth of the scene without person and object (m), where it is known."""

    def __post_init__(self) -> None:
        if len(self.first_frame) != 1:
            raise BadInputError(f"the first frame's pose has {len(self.first_frame)} frames, not 1")
        found = {
            "video": self.video.frames.shape[1:3],
            "first human mask": self.first_human_mask.shape,
        }
        if self.scene_depth is not None:
            found["scene depth"] = self.scene_depth.shape
        expected = self.camera.shape
        if wrong := {name: shape for name, shape in found.items() if shape != expected}:
            raise BadInputError(f"the camera's height x width is {expected} but {wrong}")


class HumanPoseEstimator(Protocol):
    """Estimates a person's motion from a video, in this process or by an external runner."""

    def estimate(self, request: HumanPoseRequest, *, progress: Progress = ...) -> HumanPoseEstimate:
        """Body and hands in every frame. Raises StageError when the person cannot be followed."""
        ...


@dataclass(frozen=True)
class MediapipeEstimator:
    """Backend ``mediapipe``: runs on the CPU, offline; about 0.2 s a frame on two cores."""

    config: FitConfig = field(default_factory=FitConfig)
    hands: HandTracker = field(default_factory=MediapipeHands)

    def estimate(
        self, request: HumanPoseRequest, *, progress: Progress = silent
    ) -> HumanPoseEstimate:
        """See ``HumanPoseEstimator``."""
        rest = 1 - _DETECTION_SHARE
        observation = detect_keypoints(
            request.video,
            request.camera,
            request.first_human_mask,
            lambda done, text: progress(_DETECTION_SHARE * done, text),
            self.hands,
        )
        return fit_motion(
            body=request.body,
            camera=request.camera,
            observation=observation,
            first_frame=request.first_frame,
            fps=request.video.fps,
            config=self.config,
            progress=lambda done, text: progress(_DETECTION_SHARE + rest * done, text),
            scene_depth=request.scene_depth,
        )


def detect_keypoints(
    video: Video,
    camera: Camera,
    first_human_mask: NDArray[np.bool_],
    progress: Progress = silent,
    hand_tracker: HandTracker | None = None,
) -> KeypointObservation:
    """Track the body through the video, then each hand near its wrist."""
    done, total = 0, 2 * len(video)

    def on_frame() -> None:
        nonlocal done
        done += 1
        progress(_BODY_SHARE * min(1.0, done / total), "body landmarks")

    body = body_landmarks(video.frames, first_human_mask, on_frame)
    observation = nothing_seen(len(video))
    _store(observation, _POSE_ROWS, body.columns(_POSE_COLUMNS), camera)
    hands = (hand_tracker or MediapipeHands()).track(
        HandsRequest(video, camera, body),
        progress=lambda done, text: progress(_BODY_SHARE + (1 - _BODY_SHARE) * done, text),
    )
    for rows, hand in zip(_HAND_ROWS, without_doubles(*hands), strict=True):
        _store(observation, rows, hand, camera)
    return observation


def _store(
    observation: KeypointObservation, rows: list[int], track: LandmarkTrack, camera: Camera
) -> None:
    uv = track.uv_confidence[..., :2]
    observation.keypoints_px[:, rows] = track.uv_confidence
    # Beyond the image's border a landmark is a guess.
    inside = (uv > 0) & (uv < camera.K[:2, 2] * 2)
    observation.keypoints_px[:, rows, 2] *= inside.all(axis=-1)
    for i in np.flatnonzero(track.found):
        R_cam_crop = toward(camera, uv[i].mean(axis=0))
        observation.landmarks_cam[i, rows] = track.metric[i] @ R_cam_crop.T
