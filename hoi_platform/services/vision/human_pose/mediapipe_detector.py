"""Body and hand landmarks of one person by MediaPipe, with the models that its wheel carries."""

from collections.abc import Callable
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.fitting.observation import KeypointObservation, nothing_seen
from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.keypoints import (
    KEYPOINT,
    LEFT_HAND_KEYPOINTS,
    POSE_KEYPOINTS,
    RIGHT_HAND_KEYPOINTS,
)
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.services.video.codec import Frame, Video
from hoi_platform.services.vision.hands.protocol import HandsRequest, HandTracker, Side
from hoi_platform.services.vision.human_pose.image_window import whole_image, window_around_mask
from hoi_platform.services.vision.human_pose.landmark_track import LandmarkTrack, toward
from hoi_platform.services.vision.human_pose.mediapipe_hands import (
    MediapipeHands,
    without_doubles,
)
from hoi_platform.services.vision.human_pose.mediapipe_pose import (
    MIRRORED_POSE,
    POSE_LANDMARK,
    track_pose,
)
from hoi_platform.services.vision.human_pose.protocol import Progress

_POSE_WINDOW_PX: Final = 640
_WINDOW_MARGIN: Final = 0.6  # of the person's height: room to bend, reach and step
_BODY_TOLERANCE_M: Final = 0.1
"""Disagreement of two looks at which confidence halves, in the meters of MediaPipe's adult."""
_SEEN_ONCE: Final = 0.7
_BODY_SHARE: Final = 1 / 3
"""Of the time; each hand is looked for as often as the body."""
_POSE_ROWS: Final = [KEYPOINT[name] for name in POSE_KEYPOINTS]
_POSE_COLUMNS: Final = [POSE_LANDMARK[name] for name in POSE_KEYPOINTS]
_HAND_ROWS: Final[dict[Side, list[int]]] = {
    "left": [KEYPOINT[name] for name in LEFT_HAND_KEYPOINTS],
    "right": [KEYPOINT[name] for name in RIGHT_HAND_KEYPOINTS],
}


def detect_keypoints(
    video: Video,
    camera: Camera,
    first_human_mask: NDArray[np.bool_],
    progress: Progress = lambda fraction, text: None,
    hand_tracker: HandTracker | None = None,
) -> KeypointObservation:
    """Follow the person through the video: the body first, then each hand near its wrist.

    The body is looked at twice, as it is and in the mirror: the mean is better than either, and
    where the looks disagree the landmark is hidden or made up.
    """
    count = _Counter(2 * len(video), lambda done, text: progress(_BODY_SHARE * done, text))
    looks = [_Look(video.frames, first_human_mask, count.step, mirror) for mirror in (False, True)]
    pose = looks[0].body.joined(looks[1].body, _BODY_TOLERANCE_M, _SEEN_ONCE)
    observation = nothing_seen(len(video))
    _store(observation, _POSE_ROWS, pose.columns(_POSE_COLUMNS), camera)
    hands = (hand_tracker or MediapipeHands()).track(
        HandsRequest(video, camera, pose),
        progress=lambda done, text: progress(_BODY_SHARE + (1 - _BODY_SHARE) * done, text),
    )
    for side, hand in zip(SIDES, without_doubles(*hands), strict=True):
        _store(observation, _HAND_ROWS[side], hand, camera)
    return observation


class _Look:
    """One pass over a video, as it is or mirrored; results are of the video as it is."""

    def __init__(
        self,
        frames: Frame,
        mask: NDArray[np.bool_],
        on_frame: Callable[[], None],
        mirror: bool,
    ) -> None:
        self._mirror, self._on_frame = mirror, on_frame
        self._frames = frames[:, :, ::-1] if mirror else frames
        self._mask = mask[:, ::-1] if mirror else mask

    @cached_property
    def body(self) -> LandmarkTrack:
        """Looked for near the person's first place; where it left that, in the whole image."""
        everything = whole_image(self._mask.shape, _POSE_WINDOW_PX)
        near = window_around_mask(self._mask, _WINDOW_MARGIN, _POSE_WINDOW_PX)
        pose = track_pose(self._frames, near or everything, self._on_frame)
        if near is not None and not pose.found.all():
            far = track_pose(self._frames, everything, lambda: None)
            pose = pose.where(pose.found, far)
        if not self._mirror:
            return pose
        return pose.mirrored(self._mask.shape[1]).columns(MIRRORED_POSE)


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
        R_cam_crop = toward(camera, track.uv_confidence[i, :, :2].mean(axis=0))
        observation.landmarks_cam[i, rows] = track.metric[i] @ R_cam_crop.T


class _Counter:
    """Turns counted frames into progress."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._done, self._progress = total, 0, progress

    def step(self) -> None:
        self._done += 1
        self._progress(min(1.0, self._done / self._total), "body landmarks")
