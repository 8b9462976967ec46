"""The role ``hands``: the landmarks of each hand, searched for near a wrist of the body.

Its socket and its embedded backend, MediaPipe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.body.ik import SIDES, Side
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.services.native_log import MEDIAPIPE, without_chatter
from hoi_platform.services.video.codec import Frame, Video
from hoi_platform.services.vision.landmarks import Crop, LandmarkTrack
from hoi_platform.services.vision.mediapipe_body import MIRRORED_POSE, POSE_LANDMARK, xyz
from hoi_platform.services.vision.progress import silent

NUM_HAND_LANDMARKS: Final = 21
"""In MediaPipe's order: the wrist, then thumb to little finger from the palm to the tip."""

_CROP_PX: Final = 256
"""Pixels of a crop's side; chosen."""
_CROP_M: Final = 0.5
"""Side of a crop in meters of MediaPipe's adult; chosen: two lengths of a forearm."""
_MAX_WRIST_GAP: Final = 0.25
"""Largest distance of the hand's wrist from the body's, in sides of the crop; chosen."""
_WRONG_SIDE_COST: Final = 0.15
"""Added to that distance for a hand that MediaPipe assigns to the other side; chosen."""
_WRONG_SIDE_CONFIDENCE: Final = 0.5
"""Factor on the confidence of such a hand; chosen."""
_SURE_WRIST: Final = 0.95
"""Confidence of the body's wrist from which on the hand's own confidence counts in full; chosen."""
_SAME_HAND_PALMS: Final = 0.7
"""Mean distance of two hands' landmarks below which they are one, in palm lengths; chosen."""
_MIN_CONFIDENCE: Final = 0.3
"""Of MediaPipe's detection and tracking; chosen: below its default of 0.5, since the crop and
the body's wrist already say where a hand is."""
_TOLERANCE_M: Final = 0.03
"""Disagreement of two passes that halves the confidence, in meters of MediaPipe's adult; chosen."""


@dataclass(frozen=True)
class HandsRequest:
    """A clip and the body that was found in it."""

    video: Video
    camera: Camera
    body: LandmarkTrack
    """MediaPipe's 33 landmarks of the body."""


class HandTracker(Protocol):
    """Finds the 21 landmarks of each hand in each frame."""

    def track(
        self, request: HandsRequest, *, progress: Progress = ...
    ) -> tuple[LandmarkTrack, LandmarkTrack]:
        """The left and the right hand; nothing is found where the body never was.

        Raises StageError or MissingResourceError.
        """
        ...


class MediapipeHands:
    """Backend ``mediapipe``: searches crops that follow the wrists, in two passes like the body."""

    def track(
        self, request: HandsRequest, *, progress: Progress = silent
    ) -> tuple[LandmarkTrack, LandmarkTrack]:
        """See ``HandTracker``."""
        done, total = 0, 4 * len(request.video)

        def on_frame() -> None:
            nonlocal done
            done += 1
            progress(min(1.0, done / total), "hand landmarks")

        left, right = (_two_passes(request, side, on_frame) for side in SIDES)
        return left, right


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


def _two_passes(request: HandsRequest, side: Side, on_frame: Callable[[], None]) -> LandmarkTrack:
    frames, body = request.video.frames, request.body
    width_px = frames.shape[2]
    first = _track(frames, body, side, on_frame)
    other: Side = "right" if side == "left" else "left"
    mirrored = body.mirrored(width_px).columns(MIRRORED_POSE)
    second = _track(frames[:, :, ::-1], mirrored, other, on_frame).mirrored(width_px)
    return first.averaged(second, _TOLERANCE_M)


def _track(
    frames: Frame, body: LandmarkTrack, side: Side, on_frame: Callable[[], None]
) -> LandmarkTrack:
    """One hand in each frame (T, height, width, 3)."""
    from mediapipe.python.solutions.hands import Hands

    track = LandmarkTrack.empty(len(frames), NUM_HAND_LANDMARKS)
    if not body.found.any():
        return track
    crops = _crops(body, side)
    with without_chatter(MEDIAPIPE):
        network = Hands(
            max_num_hands=2,  # the other hand may be in the crop, too
            min_detection_confidence=_MIN_CONFIDENCE,
            min_tracking_confidence=_MIN_CONFIDENCE,
        )
        network.process(crops[0].cut(frames[0]))
    wrists = body.uv_confidence[:, POSE_LANDMARK[f"{side}_wrist"]]
    with network:
        for i, (frame, crop) in enumerate(zip(frames, crops, strict=True)):
            answer = network.process(crop.cut(frame))
            on_frame()
            if (best := _nearest_hand(answer, crop, wrists[i], side)) is not None:
                track.uv_confidence[i], track.metric[i] = best
    return track


def _crops(body: LandmarkTrack, side: Side) -> list[Crop]:
    """One per frame around the hand that the body's landmarks suggest, smooth in time."""
    uv = body.uv_confidence[..., :2]
    wrist = uv[:, POSE_LANDMARK[f"{side}_wrist"]]
    knuckles = uv[:, [POSE_LANDMARK[f"{side}_pinky"], POSE_LANDMARK[f"{side}_index"]]].mean(axis=1)
    centers = np.where(body.found[:, None], 2 * knuckles - wrist, np.nan)
    sides = _CROP_M * body.pixels_per_meter
    smooth = np.column_stack([_smooth(column) for column in (*centers.T, sides)])
    return [Crop(row[:2], float(row[2]), _CROP_PX) for row in smooth]


def _nearest_hand(answer: Any, crop: Crop, wrist: Array, side: Side) -> tuple[Array, Array] | None:
    """The hand nearest to the body's wrist (u, v, confidence); None when none is near it."""
    best, best_cost = None, _MAX_WRIST_GAP
    for points, metric, label in zip(
        answer.multi_hand_landmarks or (),
        answer.multi_hand_world_landmarks or (),
        answer.multi_handedness or (),
        strict=True,
    ):
        uv = crop.to_image(xyz(points)[:, :2] * crop.output_px)
        # MediaPipe names the sides as in a mirror.
        wrong_side = label.classification[0].label.lower() == side
        cost = np.linalg.norm(uv[0] - wrist[:2]) / crop.side_px + _WRONG_SIDE_COST * wrong_side
        if cost < best_cost:
            sure = label.classification[0].score * (_WRONG_SIDE_CONFIDENCE if wrong_side else 1.0)
            confidence = np.full((NUM_HAND_LANDMARKS, 1), sure * min(1.0, wrist[2] / _SURE_WRIST))
            best, best_cost = (np.hstack([uv, confidence]), xyz(metric)), float(cost)
    return best


def _smooth(values: Array) -> Array:
    """Fill gaps linearly, drop spikes, smooth over about five frames."""
    known = np.flatnonzero(np.isfinite(values))
    filled = np.interp(np.arange(len(values)), known, values[known])
    return gaussian_filter1d(median_filter(filled, size=3, mode="nearest"), 1.5, mode="nearest")
