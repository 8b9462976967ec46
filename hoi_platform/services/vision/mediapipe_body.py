"""MediaPipe's body landmarks, tracked through a video inside one fixed crop.

The models are those that its wheel carries, so that nothing is downloaded.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.services.native_log import MEDIAPIPE, without_chatter
from hoi_platform.services.video.codec import Frame
from hoi_platform.services.vision.landmarks import Crop, LandmarkTrack

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
"""The index of each landmark's counterpart on the other side."""

_MODEL_COMPLEXITY: Final = 1
"""Index of MediaPipe's model; "heavy" (2) is not in its wheel and would be downloaded."""
_CROP_PX: Final = 640
"""Pixels of a crop's side; chosen."""
_CROP_MARGIN: Final = 0.6
"""Share of the larger side of the person in frame 0; chosen: room to bend, reach and step."""
_TOLERANCE_M: Final = 0.1
"""Disagreement of two passes that halves the confidence, in meters of MediaPipe's adult; chosen."""


def body_landmarks(
    frames: Frame, first_mask: NDArray[np.bool_], on_frame: Callable[[], None]
) -> LandmarkTrack:
    """The 33 landmarks in each frame (T, height, width, 3), of one person.

    Two passes, one over the mirrored video: the mean is better than either, and where they
    disagree the landmark is hidden or made up. ``on_frame`` is called twice per frame.
    """
    first = _pass(frames, first_mask, on_frame)
    mirrored = _pass(frames[:, :, ::-1], first_mask[:, ::-1], on_frame)
    second = mirrored.mirrored(frames.shape[2]).columns(MIRRORED_POSE)
    return first.averaged(second, _TOLERANCE_M)


def _pass(
    frames: Frame, first_mask: NDArray[np.bool_], on_frame: Callable[[], None]
) -> LandmarkTrack:
    """Searched near the person's first place; where nothing is found there, in the whole image."""
    whole = Crop.of_image(first_mask.shape, _CROP_PX)
    near = Crop.around_mask(first_mask, _CROP_MARGIN, _CROP_PX)
    pose = _track(frames, near or whole, on_frame)
    if near is not None and not pose.found.all():
        pose = pose.where(pose.found, _track(frames, whole, lambda: None))
    return pose


def _track(frames: Frame, crop: Crop, on_frame: Callable[[], None]) -> LandmarkTrack:
    from mediapipe.python.solutions.pose import Pose

    track = LandmarkTrack.empty(len(frames), len(POSE_LANDMARK))
    with without_chatter(MEDIAPIPE):
        # Its own smoothing would lag behind; the fit smooths over all frames at once.
        network = Pose(model_complexity=_MODEL_COMPLEXITY, smooth_landmarks=False)
        network.process(crop.cut(frames[0]))
    with network:
        for i, frame in enumerate(frames):
            answer = network.process(crop.cut(frame))
            on_frame()
            if answer.pose_landmarks is None:
                continue
            points = answer.pose_landmarks
            uv = crop.to_image(xyz(points)[:, :2] * crop.output_px)
            track.uv_confidence[i, :, :2] = uv
            track.uv_confidence[i, :, 2] = [p.visibility for p in points.landmark]
            track.metric[i] = xyz(answer.pose_world_landmarks)
    return track


def xyz(landmarks: Any) -> Array:
    """A MediaPipe landmark list as (N, 3)."""
    return np.array([[p.x, p.y, p.z] for p in landmarks.landmark])
