"""What real and generated videos suffer from, done to a clean one with known truth.

A degradation is a function from a ``CleanClip`` and a random generator to frames (T, H, W, 3)
uint8. Lengths in pixels are for a width of 640 and scale with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]
Masks = NDArray[np.bool_]

_FLICKER: Final = 0.12
"""Fraction by which brightness changes, at most; chosen: about that of generated videos."""
_FLICKER_OFFSET: Final = 6.0
"""Gray values (of 255) by which the black level changes, at most; chosen."""
_DRIFT_PX: Final = 6.0
"""Pixels that the picture has moved at the end of the clip; chosen: 1 % of the width."""
_SHAKE_PX: Final = 2.0
"""Pixels that the picture jumps along each axis, at most; chosen."""
_BLUR_PX: Final = 1.5
"""Pixels; standard deviation of the Gaussian, chosen."""
_NOISE: Final = 8.0
"""Gray values (of 255); standard deviation per channel, chosen."""
_LATE_SHARE: Final = 1 / 8
"""Fraction of the clip before the person appears; chosen."""
_COVERED: Final = (0.35, 0.65)
"""Fractions of the clip between which half of the object is covered; chosen: it is held by then."""
_SKIN: Final = (196, 146, 120)
"""sRGB of the covering hand; chosen: like the shipped characters' skin."""


@dataclass(frozen=True)
class CleanClip:
    """A clip as it was rendered, and where everything is in it."""

    frames: Frames  # (T, H, W, 3)
    plate: Frames  # (H, W, 3), the empty scene
    object_masks: Masks  # (T, H, W)
    human_masks: Masks  # (T, H, W)

    @property
    def unit_px(self) -> float:
        """Pixels per pixel of a picture of 640 columns."""
        return self.frames.shape[2] / 640


Degradation = Callable[[CleanClip, np.random.Generator], Frames]


def h264(clip: CleanClip, _rng: np.random.Generator) -> Frames:
    """The frames as they are: the loss comes from encoding them at ``CRF['h264']``."""
    return clip.frames


def flicker(clip: CleanClip, rng: np.random.Generator) -> Frames:
    """Brightness and black level change slowly from frame to frame."""
    gain = 1 + _FLICKER * _wander(len(clip.frames), rng)
    offset = _FLICKER_OFFSET * _wander(len(clip.frames), rng)
    changed = clip.frames * gain[:, None, None, None] + offset[:, None, None, None]
    return _to_bytes(changed)


def drift(clip: CleanClip, rng: np.random.Generator) -> Frames:
    """The camera slides evenly in one direction."""
    angle = rng.uniform(0, 2 * np.pi)
    path = np.linspace(0, _DRIFT_PX * clip.unit_px, len(clip.frames))
    return _shifted(clip.frames, np.stack([path * np.cos(angle), path * np.sin(angle)], axis=-1))


def shake(clip: CleanClip, rng: np.random.Generator) -> Frames:
    """The camera trembles; frame 0 stays."""
    steps = rng.uniform(-1, 1, (len(clip.frames), 2)) * _SHAKE_PX * clip.unit_px
    steps[0] = 0
    return _shifted(clip.frames, steps)


def blur(clip: CleanClip, _rng: np.random.Generator) -> Frames:
    """Out of focus."""
    sigma = _BLUR_PX * clip.unit_px
    return np.stack([_frame(cv2.GaussianBlur(frame, (0, 0), sigma)) for frame in clip.frames])


def noise(clip: CleanClip, rng: np.random.Generator) -> Frames:
    """Sensor noise, independent per pixel, channel and frame."""
    return np.stack([_to_bytes(f + rng.normal(0, _NOISE, f.shape)) for f in clip.frames])


def late_entry(clip: CleanClip, _rng: np.random.Generator) -> Frames:
    """After frame 0 the person is gone for an eighth of the clip, then there at once."""
    frames = clip.frames.copy()
    reach = np.ones((1 + 2 * round(4 * clip.unit_px),) * 2, np.uint8)
    for t in range(1, max(2, round(_LATE_SHARE * len(frames)))):
        around = cv2.dilate(clip.human_masks[t].astype(np.uint8), reach) > 0
        gone = around & ~clip.object_masks[t]
        frames[t][gone] = clip.plate[gone]
    return frames


def covered_object(clip: CleanClip, _rng: np.random.Generator) -> Frames:
    """A hand of a single color covers half of the object's silhouette for a third of the clip."""
    frames = clip.frames.copy()
    first, last = (round(share * len(frames)) for share in _COVERED)
    for t in range(first, last):
        rows, columns = np.nonzero(clip.object_masks[t])
        if not rows.size:
            continue
        center = (float(columns.mean()), float(np.percentile(rows, 75)))
        half = (max(float(np.ptp(columns)), 4.0) * 0.6, max(float(np.ptp(rows)), 4.0) * 0.3)
        box = (center, (2 * half[0], 2 * half[1]), 0.0)
        frames[t] = cv2.ellipse(frames[t].copy(), box, _SKIN, -1, cv2.LINE_AA)
    return frames


DEGRADATIONS: Final[dict[str, Degradation]] = {
    "h264": h264,
    "flicker": flicker,
    "drift": drift,
    "blur": blur,
    "noise": noise,
    "shake": shake,
    "late_entry": late_entry,
    "covered_object": covered_object,
}

CRF: Final = {"h264": 36}
"""Constant rate factor of H.264 (FFmpeg) where it is not the usual one; chosen."""


def _wander(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A smooth random path in [-1, 1] that begins at 0."""
    knots = np.concatenate([[0.0], rng.uniform(-1, 1, 1 + count // 6)])
    return np.interp(np.arange(count), 6 * np.arange(len(knots)), knots)


def _shifted(frames: Frames, offsets_px: NDArray[np.float64]) -> Frames:
    height, width = frames.shape[1:3]
    moved = []
    for frame, (x, y) in zip(frames, offsets_px, strict=True):
        matrix = np.array([[1, 0, x], [0, 1, y]], np.float64)
        moved.append(
            _frame(cv2.warpAffine(frame, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE))
        )
    return np.stack(moved)


def _frame(image: object) -> Frames:
    return np.asarray(image, np.uint8)


def _to_bytes(values: NDArray) -> Frames:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
