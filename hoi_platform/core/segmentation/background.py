"""How probable a pixel's color is where the empty scene is seen, in light or in shadow."""

from dataclasses import dataclass
from math import log, pi, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.window import Window

Image = NDArray[np.float32]  # (height, width, 3) RGB, 0 to 255
Mask = NDArray[np.bool_]
UNIFORM_LOG_DENSITY: Final = -3 * log(256.0)
_OUTLIERS: Final = 0.02
_SHADOW: Final = 0.25
"""Prior probability that light is blocked or reflected on a visible background pixel."""
_SHADES: Final = np.linspace(0.3, 1.25, 39, dtype=np.float32)
"""Centers of the bins of shade: a color as a multiple of the plate's, gamma-encoded values."""
_SHADES_SEEN: Final = 0.7
"""Weight of the first frame's shades; the rest is a broad guess that favors weak shadows."""
_MIN_NOISE: Final = 2.5
_TONE_BINS: Final = 12
_NOISE_FRAMES: Final = 12
_MEAN_ABSOLUTE: Final = 0.80
"""Mean absolute value of a Gaussian of σ = 1."""


@dataclass(frozen=True)
class BackgroundModel:
    """The plate as the video shows it, the noise around it and how dark its shadows are."""

    plate: Image
    noise: NDArray[np.float32]  # (height, width), standard deviation in gray values
    shades: NDArray[np.float32]  # (bins of ``_SHADES``,) density of the shade of shaded pixels

    def log_density(self, image: Image, window: Window) -> NDArray[np.float32]:
        """(h, w) of an image's colors (h, w, 3) in a window: noise, shadow or outlier.

        A shadow scales all channels alike (Horprasert et al., 1999), so that only the residual
        across the line from black to the plate's color counts against it.
        """
        plate, noise = self.plate[window], self.noise[window]
        variance = np.square(noise)
        squared, across, shade, norm = _residuals(image, plate)
        lit = np.exp(-0.5 * squared / variance) / (2 * pi * variance) ** 1.5
        along = np.interp(shade, _SHADES, self.shades, 0, 0).astype(np.float32) / norm
        shaded = np.exp(-0.5 * across / variance) / (2 * pi * variance) * along
        outlier = np.float32(np.exp(UNIFORM_LOG_DENSITY))
        seen = np.float32(1 - _SHADOW) * lit + np.float32(_SHADOW) * shaded
        return np.log((1 - _OUTLIERS) * seen + _OUTLIERS * outlier)


def _residuals(image: Image, plate: Image) -> tuple[NDArray[np.float32], ...]:
    """Squared distance to the plate's color and to its shadow line, shade, |plate color|."""
    norm2 = np.maximum(np.einsum("...c,...c->...", plate, plate), np.float32(64))
    product = np.einsum("...c,...c->...", image, plate)
    image2 = np.einsum("...c,...c->...", image, image)
    squared = np.maximum(image2 - 2 * product + norm2, 0)
    shade = product / norm2
    return squared, np.maximum(image2 - product * shade, 0), shade, np.sqrt(norm2)


def fit_background(
    frames: NDArray[np.uint8], plate: NDArray[np.uint8], known: Mask
) -> BackgroundModel:
    """Match the plate's tones to the video and measure its noise.

    ``frames`` (T, height, width, 3); ``known`` (height, width) marks background in the first.
    Fireflies and exposure shift a video's tones against a denoised plate.
    """
    first = smooth_frame(frames[0])
    shown = _match_tones(smooth_frame(plate), first, known)
    noise = _temporal_noise(frames)
    residual = np.abs(first - shown).mean(axis=-1)
    ratio = _median(residual[known]) / max(_median(noise[known]), 1e-3)
    calibrated = noise * max(ratio / _MEAN_ABSOLUTE, 1.0)
    calibrated = np.maximum(calibrated, _MIN_NOISE).astype(np.float32)
    return BackgroundModel(shown, calibrated, _shades(first.astype(np.float32), shown, known))


def smooth_frame(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Remove single-pixel outliers of renders with few samples."""
    import cv2

    return np.asarray(cv2.medianBlur(np.ascontiguousarray(frame), 3), np.uint8)


def exposure_gain(image: Image, plate: Image, background: Mask) -> float:
    """Factor by which an image is brighter than the plate where the background is likely seen."""
    bright = background & (plate.min(axis=-1) > 16)
    if bright.sum() < 200:
        return 1.0
    ratio = (image[bright] / plate[bright]).mean(axis=-1)
    return float(np.clip(np.median(ratio), 0.7, 1.4))


def _match_tones(plate: NDArray[np.uint8], frame: NDArray[np.uint8], known: Mask) -> Image:
    """Per channel, the monotone curve from the plate's values to the frame's medians there."""
    matched = plate.astype(np.float32)
    for channel in range(3):
        p, f = plate[..., channel][known].astype(np.float32), frame[..., channel][known]
        edges = np.unique(np.quantile(p, np.linspace(0, 1, _TONE_BINS + 1))) if len(p) else []
        if len(edges) < 2:
            continue
        bins = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, len(edges) - 2)
        shifts, centers = [], []
        for b in range(len(edges) - 1):
            if (chosen := bins == b).sum() >= 100:
                centers.append(_median(p[chosen]))
                shifts.append(_median(f[chosen].astype(np.float32) - p[chosen]))
        if centers:
            matched[..., channel] += np.interp(matched[..., channel], centers, shifts)
    return np.clip(matched, 0, 255)


def _temporal_noise(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(height, width) standard deviation per channel, from differences of successive frames."""
    import cv2

    if len(frames) < 2:
        return np.full(frames.shape[1:3], _MIN_NOISE, np.float32)
    stride = -(-(len(frames) - 1) // _NOISE_FRAMES)
    steps = [
        cv2.absdiff(smooth_frame(frames[t]), smooth_frame(frames[t + 1])).mean(-1, np.float32)
        for t in range(0, len(frames) - 1, stride)
    ]
    typical = np.median(np.stack(steps), axis=0) / (_MEAN_ABSOLUTE * sqrt(2.0))
    return np.asarray(cv2.blur(typical.astype(np.float32), (9, 9)), np.float32)


def _shades(frame: Image, plate: Image, known: Mask) -> NDArray[np.float32]:
    """The density of shades: those of the first frame, blurred, and a broad guess."""
    width = _SHADES[1] - _SHADES[0]
    _, _, shade, _ = _residuals(frame[known], plate[known])
    shaded = shade[np.abs(shade - 1) > 0.05]
    edges = np.append(_SHADES - width / 2, _SHADES[-1] + width / 2)
    counts = np.histogram(shaded, edges)[0].astype(np.float32)
    seen = np.convolve(counts, [0.25, 0.5, 0.25], mode="same") + 1e-3
    guess = np.clip(np.minimum(_SHADES - 0.3, 2 * (1.25 - _SHADES)), 0, None)
    mixed = _SHADES_SEEN * seen / seen.sum() + (1 - _SHADES_SEEN) * guess / guess.sum()
    return np.asarray(mixed / width, np.float32)


def _median(values: NDArray) -> float:
    return float(np.median(values)) if values.size else 0.0
