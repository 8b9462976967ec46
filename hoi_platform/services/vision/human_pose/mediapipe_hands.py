"""MediaPipe's hand landmarks, looked for in a window that follows one wrist of the body."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.services.native_log import MEDIAPIPE, without_chatter
from hoi_platform.services.video.codec import Frame
from hoi_platform.services.vision.hands.protocol import (
    NUM_HAND_LANDMARKS,
    HandsRequest,
    Progress,
    Side,
)
from hoi_platform.services.vision.human_pose.image_window import Window
from hoi_platform.services.vision.human_pose.landmark_track import LandmarkTrack
from hoi_platform.services.vision.human_pose.mediapipe_pose import (
    MIRRORED_POSE,
    POSE_LANDMARK,
    xyz,
)

_WINDOW_PX: Final = 256
_WINDOW_M: Final = 0.5  # of MediaPipe's adult: two lengths of a forearm
_MAX_WRIST_GAP: Final = 0.25  # between the hand's and the body's wrist, in sides of the window
_WRONG_SIDE_COST: Final = 0.15  # the same unit
_WRONG_SIDE_CONFIDENCE: Final = 0.5
_SURE_WRIST: Final = 0.95
"""Confidence of the body's wrist from which on the hand's own confidence counts in full."""
_SAME_HAND_PALMS: Final = 0.7
"""Mean distance of two hands' landmarks below which they are one, in lengths of the palm."""
_MIN_DETECTION: Final = 0.3
_MIN_TRACKING: Final = 0.3
_TOLERANCE_M: Final = 0.03
"""Disagreement of two looks at which confidence halves, in the meters of MediaPipe's adult."""
_SEEN_ONCE: Final = 0.7


def hand_windows(pose: LandmarkTrack, side: Side) -> list[Window]:
    """One window per frame on the hand that the body landmarks suggest, smooth in time."""
    uv = pose.uv_confidence[..., :2]
    wrist = uv[:, POSE_LANDMARK[f"{side}_wrist"]]
    knuckles = uv[:, [POSE_LANDMARK[f"{side}_pinky"], POSE_LANDMARK[f"{side}_index"]]].mean(axis=1)
    centers = np.where(pose.found[:, None], 2 * knuckles - wrist, np.nan)
    sides = _WINDOW_M * pose.pixels_per_meter
    smooth = np.column_stack([_smooth(column) for column in (*centers.T, sides)])
    return [Window(row[:2], float(row[2]), _WINDOW_PX) for row in smooth]


def track_hand(
    frames: Sequence[Frame] | Frame,
    pose: LandmarkTrack,
    side: Side,
    on_frame: Callable[[], None],
) -> LandmarkTrack:
    """The 21 landmarks of one hand in each frame; nothing where the body was never found."""
    from mediapipe.python.solutions.hands import Hands

    track = LandmarkTrack.empty(len(frames), NUM_HAND_LANDMARKS)
    if not pose.found.any():
        return track
    windows = hand_windows(pose, side)
    with without_chatter(MEDIAPIPE):
        network = Hands(
            max_num_hands=2,  # the other hand may be in the window, too
            min_detection_confidence=_MIN_DETECTION,
            min_tracking_confidence=_MIN_TRACKING,
        )
        network.process(windows[0].cut(frames[0]))
    wrists = pose.uv_confidence[:, POSE_LANDMARK[f"{side}_wrist"]]
    with network:
        for i, (frame, window) in enumerate(zip(frames, windows, strict=True)):
            answer = network.process(window.cut(frame))
            on_frame()
            if (best := _choose(answer, window, wrists[i], side)) is not None:
                track.uv_confidence[i], track.metric[i] = best
    return track


class MediapipeHands:
    """Backend ``mediapipe`` of the role ``hands``: looks in windows that follow the wrists.

    Each hand is looked at twice, as it is and in the mirror, as the body is.
    """

    def track(
        self, request: HandsRequest, *, progress: Progress | None = None
    ) -> tuple[LandmarkTrack, LandmarkTrack]:
        """See ``HandTracker``."""
        done, total = 0, 4 * len(request.video)

        def on_frame() -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(min(1.0, done / total), "hand landmarks")

        left, right = (_seen_twice(request, side, on_frame) for side in SIDES)
        return left, right


def _seen_twice(request: HandsRequest, side: Side, on_frame: Callable[[], None]) -> LandmarkTrack:
    frames, body = request.video.frames, request.body
    width_px = frames.shape[2]
    first = track_hand(frames, body, side, on_frame)
    other: Side = "right" if side == "left" else "left"
    mirrored = body.mirrored(width_px).columns(MIRRORED_POSE)
    second = track_hand(frames[:, :, ::-1], mirrored, other, on_frame).mirrored(width_px)
    return first.joined(second, _TOLERANCE_M, _SEEN_ONCE)


def _choose(answer: Any, window: Window, wrist: Array, side: Side) -> tuple[Array, Array] | None:
    """The hand nearest to the body's wrist (u, v, confidence); None when none is near it."""
    best, best_cost = None, _MAX_WRIST_GAP
    for points, metric, label in zip(
        answer.multi_hand_landmarks or (),
        answer.multi_hand_world_landmarks or (),
        answer.multi_handedness or (),
        strict=True,
    ):
        uv = window.to_image(xyz(points)[:, :2] * window.output_px)
        # MediaPipe names the sides as in a mirror.
        wrong_side = label.classification[0].label.lower() == side
        cost = np.linalg.norm(uv[0] - wrist[:2]) / window.side_px + _WRONG_SIDE_COST * wrong_side
        if cost < best_cost:
            sure = label.classification[0].score * (_WRONG_SIDE_CONFIDENCE if wrong_side else 1.0)
            confidence = np.full((NUM_HAND_LANDMARKS, 1), sure * min(1.0, wrist[2] / _SURE_WRIST))
            best, best_cost = (np.hstack([uv, confidence]), xyz(metric)), float(cost)
    return best


def without_doubles(
    left: LandmarkTrack, right: LandmarkTrack
) -> tuple[LandmarkTrack, LandmarkTrack]:
    """Where both tracks hold the same hand of the image, only the surer one keeps it."""
    uv = [track.uv_confidence[..., :2] for track in (left, right)]
    size = np.maximum(*(np.linalg.norm(hand[:, 9] - hand[:, 0], axis=-1) for hand in uv))
    apart = np.linalg.norm(uv[0] - uv[1], axis=-1).mean(axis=-1)
    same = apart < _SAME_HAND_PALMS * size  # nan, hence false, where one is missing
    left_is_surer = left.uv_confidence[:, 0, 2] >= right.uv_confidence[:, 0, 2]
    return left.without(same & ~left_is_surer), right.without(same & left_is_surer)


def _smooth(values: Array) -> Array:
    """Fill gaps linearly, drop spikes, smooth over about five frames."""
    known = np.flatnonzero(np.isfinite(values))
    filled = np.interp(np.arange(len(values)), known, values[known])
    return gaussian_filter1d(median_filter(filled, size=3, mode="nearest"), 1.5, mode="nearest")
