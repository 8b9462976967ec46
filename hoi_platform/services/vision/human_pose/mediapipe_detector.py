"""Body and hand landmarks of one person by MediaPipe, with the models that its wheel carries."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.fitting.observation import KeypointObservation, nothing_seen
from hoi_platform.core.body.keypoints import (
    KEYPOINT,
    LEFT_HAND_KEYPOINTS,
    POSE_KEYPOINTS,
    RIGHT_HAND_KEYPOINTS,
)
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array, rotation_between
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.human_pose.backend import Progress
from hoi_platform.services.vision.human_pose.image_window import whole_image, window_around_mask
from hoi_platform.services.vision.human_pose.mediapipe_hands import track_hand, without_doubles
from hoi_platform.services.vision.human_pose.mediapipe_pose import (
    POSE_LANDMARK,
    LandmarkTrack,
    track_pose,
)

_POSE_WINDOW_PX: Final = 640
_WINDOW_MARGIN: Final = 0.6  # of the person's height: room to bend, reach and step
_POSE_ROWS: Final = [KEYPOINT[name] for name in POSE_KEYPOINTS]
_POSE_COLUMNS: Final = [POSE_LANDMARK[name] for name in POSE_KEYPOINTS]
_HAND_ROWS: Final = {
    "left": [KEYPOINT[name] for name in LEFT_HAND_KEYPOINTS],
    "right": [KEYPOINT[name] for name in RIGHT_HAND_KEYPOINTS],
}


def detect_keypoints(
    video: Video,
    camera: Camera,
    first_human_mask: NDArray[np.bool_],
    progress: Progress = lambda fraction, text: None,
) -> KeypointObservation:
    """Follow the person through the video: the body first, then each hand near its wrist."""
    count = _Counter(3 * len(video), progress)
    pose = _track_body(video, first_human_mask, count.step)
    observation = nothing_seen(len(video))
    _store(observation, _POSE_ROWS, _columns(pose, _POSE_COLUMNS), camera)
    left = track_hand(video.frames, pose, "left", count.step)
    right = track_hand(video.frames, pose, "right", count.step)
    for side, hand in zip(_HAND_ROWS, without_doubles(left, right), strict=True):
        _store(observation, _HAND_ROWS[side], hand, camera)
    return observation


def _track_body(
    video: Video, mask: NDArray[np.bool_], on_frame: Callable[[], None]
) -> LandmarkTrack:
    """Look near the person's first place; where it left that, in the whole image."""
    everything = whole_image(mask.shape, _POSE_WINDOW_PX)
    near = window_around_mask(mask, _WINDOW_MARGIN, _POSE_WINDOW_PX)
    pose = track_pose(video.frames, near or everything, on_frame)
    if near is None or pose.found.all():
        return pose
    return pose.filled_from(track_pose(video.frames, everything, lambda: None))


def _columns(track: LandmarkTrack, columns: list[int]) -> LandmarkTrack:
    return LandmarkTrack(track.uv_confidence[:, columns], track.metric[:, columns])


def _store(
    observation: KeypointObservation, rows: list[int], track: LandmarkTrack, camera: Camera
) -> None:
    observation.keypoints_px[:, rows] = track.uv_confidence
    # Beyond the image's border a landmark is a guess.
    inside = (track.uv_confidence[..., :2] > 0) & (
        track.uv_confidence[..., :2] < camera.K[:2, 2] * 2
    )
    observation.keypoints_px[:, rows, 2] *= inside.all(axis=-1)
    for i in np.flatnonzero(track.found):
        R_cam_crop = _toward(camera, track.uv_confidence[i, :, :2].mean(axis=0))
        observation.landmarks_cam[i, rows] = track.metric[i] @ R_cam_crop.T


def _toward(camera: Camera, uv: Array) -> Array:
    """The axes of a camera that looks along the ray through a pixel, in the camera's axes."""
    ray = np.linalg.solve(camera.K, [*uv, 1.0])
    return rotation_between(np.array([0.0, 0.0, 1.0]), ray)


class _Counter:
    """Turns counted frames into progress."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._done, self._progress = total, 0, progress

    def step(self) -> None:
        self._done += 1
        self._progress(min(1.0, self._done / self._total), "body and hand landmarks")
