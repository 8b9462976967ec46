"""MediaPipe's body landmarks, tracked through a video inside one fixed window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.services.video.codec import Frame
from hoi_platform.services.vision.human_pose.image_window import Window
from hoi_platform.services.vision.human_pose.native_log import without_chatter

_SIDES: Final = ("left", "right")
_ORDER: Final = (
    "nose",
    *(f"{side}_eye{corner}" for side in _SIDES for corner in ("_inner", "", "_outer")),
    *(f"{side}_ear" for side in _SIDES),
    *(f"mouth_{side}" for side in _SIDES),
    *(
        f"{side}_{part}"
        for part in ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
        for side in _SIDES
    ),
    *(
        f"{side}_{part}"
        for part in ("hip", "knee", "ankle", "heel", "foot_index")
        for side in _SIDES
    ),
)
POSE_LANDMARK: Final = {name: i for i, name in enumerate(_ORDER)}
"""MediaPipe's names of its 33 body landmarks and their order."""

# The "heavy" model (2) is not in the wheel; asking for it would download it.
_MODEL_COMPLEXITY: Final = 1


@dataclass(frozen=True)
class LandmarkTrack:
    """N landmarks over T frames: pixels of the image with a confidence, and metric positions.

    nan, nan, 0 and nan in the frames without a detection. The metric positions are relative, in
    the axes of a camera that looks along the ray through the subject.
    """

    uv_confidence: Array  # (T, N, 3)
    metric: Array  # (T, N, 3)

    @property
    def found(self) -> Array:
        """(T,) bool."""
        return np.isfinite(self.uv_confidence[:, 0, 0])

    @classmethod
    def empty(cls, frames: int, landmarks: int) -> "LandmarkTrack":
        uv_confidence = np.full((frames, landmarks, 3), np.nan)
        uv_confidence[..., 2] = 0.0
        return cls(uv_confidence, np.full((frames, landmarks, 3), np.nan))

    def without(self, frames: NDArray[np.bool_]) -> "LandmarkTrack":
        """This track with nothing detected in the given frames (T,)."""
        nothing = LandmarkTrack.empty(*self.uv_confidence.shape[:2])
        drop = frames[:, None, None]
        return LandmarkTrack(
            np.where(drop, nothing.uv_confidence, self.uv_confidence),
            np.where(drop, nothing.metric, self.metric),
        )

    def filled_from(self, other: "LandmarkTrack") -> "LandmarkTrack":
        """This track, with the frames that it lacks taken from another."""
        mine = self.found[:, None, None]
        return LandmarkTrack(
            np.where(mine, self.uv_confidence, other.uv_confidence),
            np.where(mine, self.metric, other.metric),
        )


def xyz(landmarks: Any) -> Array:
    """A MediaPipe landmark list as (N, 3)."""
    return np.array([[p.x, p.y, p.z] for p in landmarks.landmark])


def track_pose(
    frames: Sequence[Frame] | Frame, window: Window, on_frame: Callable[[], None]
) -> LandmarkTrack:
    """The 33 body landmarks in each frame."""
    from mediapipe.python.solutions.pose import Pose

    track = LandmarkTrack.empty(len(frames), len(POSE_LANDMARK))
    with without_chatter():
        # Its own smoothing would lag behind; the fit smooths over all frames at once.
        network = Pose(model_complexity=_MODEL_COMPLEXITY, smooth_landmarks=False)
        network.process(window.cut(frames[0]))
    with network:
        for i, frame in enumerate(frames):
            answer = network.process(window.cut(frame))
            on_frame()
            if answer.pose_landmarks is None:
                continue
            points = answer.pose_landmarks
            uv = window.to_image(xyz(points)[:, :2] * window.output_px)
            track.uv_confidence[i, :, :2] = uv
            track.uv_confidence[i, :, 2] = [p.visibility for p in points.landmark]
            track.metric[i] = xyz(answer.pose_world_landmarks)
    return track
