"""MediaPipe's body landmarks, tracked through a video inside one fixed window."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.services.native_log import MEDIAPIPE, without_chatter
from hoi_platform.services.video.codec import Frame
from hoi_platform.services.vision.human_pose.image_window import Window
from hoi_platform.services.vision.human_pose.landmark_track import LandmarkTrack

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

MIRRORED_POSE: Final = [
    POSE_LANDMARK[
        name.replace("left", "right") if "left" in name else name.replace("right", "left")
    ]
    for name in _ORDER
]
"""Where each landmark's counterpart on the other side stands."""

# The "heavy" model (2) is not in the wheel; asking for it would download it.
_MODEL_COMPLEXITY: Final = 1


def xyz(landmarks: Any) -> Array:
    """A MediaPipe landmark list as (N, 3)."""
    return np.array([[p.x, p.y, p.z] for p in landmarks.landmark])


def track_pose(
    frames: Sequence[Frame] | Frame, window: Window, on_frame: Callable[[], None]
) -> LandmarkTrack:
    """The 33 body landmarks in each frame."""
    from mediapipe.python.solutions.pose import Pose

    track = LandmarkTrack.empty(len(frames), len(POSE_LANDMARK))
    with without_chatter(MEDIAPIPE):
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
