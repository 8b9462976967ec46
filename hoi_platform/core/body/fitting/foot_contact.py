"""Which foot is planted when, judged from the image before anything is fitted."""

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

from hoi_platform.core.body.keypoints import KEYPOINT
from hoi_platform.core.geometry.rotations import Array

_LANDMARKS: Final = ("ankle", "heel", "foot_index")
_SPEED_STATURES: Final = 0.35
"""Speed of a foot at which it is as likely planted as not (statures per second)."""
_SMOOTHING_S: Final = 0.12
_DOUBT: Final = 10.0
"""How fast the belief in a foot's apparent motion falls with its landmarks' confidence."""


def foot_contact_probability(keypoints_px: Array, stature_px: float, fps: float) -> Array:
    """(T, 2) probability that the left and the right foot is planted, of keypoints (T, K, 3).

    A foot counts as planted unless it is seen to move: the least confident detections, behind a
    table say, cannot lift it.
    """
    return np.column_stack(
        [_one_foot(keypoints_px, side, stature_px, fps) for side in ("left", "right")]
    )


def _one_foot(keypoints_px: Array, side: str, stature_px: float, fps: float) -> Array:
    rows = [KEYPOINT[f"{side}_{part}"] for part in _LANDMARKS]
    uv, confidence = keypoints_px[:, rows, :2], keypoints_px[:, rows, 2]
    known = np.isfinite(uv[..., 0]).all(axis=1)
    if known.sum() < 2:
        return np.ones(len(uv))
    frames = np.arange(len(uv))
    flat = uv.reshape(len(uv), -1)
    filled = np.column_stack([np.interp(frames, frames[known], c[known]) for c in flat.T])
    smooth = gaussian_filter1d(filled, max(_SMOOTHING_S * fps, 0.5), axis=0, mode="nearest")
    velocity = np.gradient(smooth.reshape(uv.shape), axis=0) * fps / stature_px
    speed = np.median(np.linalg.norm(velocity, axis=-1), axis=1)
    moving = 1 - np.exp2(-((speed / _SPEED_STATURES) ** 2))
    seen = np.where(known, np.nan_to_num(confidence).min(axis=1), 0.0)
    seen = minimum_filter1d(seen, 2 * round(_SMOOTHING_S * fps) + 1, mode="nearest")
    return 1 - np.exp(-_DOUBT * (1 - seen)) * moving
