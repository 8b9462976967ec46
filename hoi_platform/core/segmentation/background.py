"""The likelihood of colors on the background: the plate, in light or in shadow."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, pi, sqrt
from typing import Final

import numpy as np
from jaxtyping import Bool, Float32, Shaped, UInt8
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array32, Image, Mask
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.images import WHOLE, Soft, Window, dilated

Colors = NDArray[np.float32]  # (height, width, 3) RGB, 0 to 255
UNIFORM_LOG_DENSITY: Final = -3 * log(256.0)
"""Of any RGB color of 8 bits per channel, by definition."""
_SATURATED: Final = 250.0
"""Gray value from which on a channel of the plate counts as clipped; chosen."""
_SHADES: Final = np.linspace(0.3, 1.25, 39, dtype=np.float32)
"""Centers of the bins of shade: a color as a multiple of the plate's, gamma-encoded; chosen."""
_MIN_NOISE: Final = 3.0
"""Least standard deviation (gray values); chosen: histograms are blurred by more."""
_TONE_BINS: Final = 12
"""Number of bins of brightness in which tones and noise are measured; chosen."""
_MIN_PIXELS: Final = 200
"""Number of pixels that a median is trusted from; half of it in a bin of brightness. Chosen."""
_MEDIAN_ABSOLUTE: Final = 0.67
"""Median absolute value of a normal distribution with σ = 1, by definition (rounded)."""
_MISFIT_PX: Final = (0.15, 1.0)
"""Least and largest distance of edges of plate and video in pixels; chosen."""


@dataclass(frozen=True)
class BackgroundModel:
    """The plate as the video shows it, the noise around it and how dark its shadows are."""

    plate: Float32[Colors, "height width 3"]
    chroma_noise: Float32[
        Soft, "height width"
    ]  # standard deviation in gray values, across the shadow line
    light_noise: Float32[Soft, "height width"]  # the same along it: renders' noise is light
    shades: Float32[Array32, " bins"]  # density of the shade of shaded pixels

    def density(
        self, image: Float32[Colors, "h w 3"], window: Window, config: SegmentationConfig
    ) -> Float32[Soft, "h w"]:
        """Of an image's colors in a window: noise, shadow or outlier.

        A shadow scales all channels alike (Horprasert et al., 1999), so that only the residual
        across the line from black to the plate's color counts against it.
        """
        o, s = config.outliers, config.shadows
        chroma, light = self.chroma_noise[window], self.light_noise[window]
        across2, shade, norm = _residuals(image, self.plate[window])
        lit = np.exp(-0.5 * np.square((shade - 1) * norm / light)) / (sqrt(2 * pi) * light)
        shaded = np.interp(shade, _SHADES, self.shades, 0, 0).astype(np.float32) / norm
        tinted = np.hypot(chroma, config.shadow_tint * np.abs(1 - shade) * norm)
        seen = (1 - s) * lit * _normal2(across2, chroma)
        seen += s * shaded * _normal2(across2, tinted)
        return np.asarray((1 - o) * seen + o * np.float32(np.exp(UNIFORM_LOG_DENSITY)), np.float32)

    def unexplained(
        self,
        frame: UInt8[Image, "height width 3"],
        foreground: Bool[Mask, "height width"],
        config: SegmentationConfig,
    ) -> Bool[Mask, "height width"]:
        """Pixels of a frame outside of the foreground whose colors are not the background's."""
        import cv2

        explained = dilated(foreground, 7)
        image = frame.astype(np.float32)
        image /= exposure_gain(image, self.plate, ~explained)
        log_density = np.log(self.density(image, WHOLE, config))
        odd = cv2.blur(log_density, (5, 5)) < UNIFORM_LOG_DENSITY - 0.5
        odd &= ~explained
        opened = cv2.morphologyEx(odd.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5)))
        return np.asarray(opened) > 0


def _normal2(
    squared: Float32[Array32, "*shape"], sigma: Float32[Array32, "*shape"]
) -> Float32[Array32, "*shape"]:
    """Density of a two-dimensional normal distribution at a squared distance."""
    variance = np.square(sigma)
    return np.exp(-0.5 * squared / variance) / (2 * pi * variance)


def _residuals(image: Colors, plate: Colors) -> tuple[NDArray[np.float32], ...]:
    """Squared distance to the plate's shadow line, place on it (1: the plate), |plate color|.

    A channel that the plate saturates says only that its light is at least that strong: it
    counts where the image is darker than the line, and for the place on it not at all unless
    all channels are saturated.
    """
    clipped = plate >= _SATURATED
    free = (~clipped | clipped.all(axis=-1, keepdims=True)).astype(np.float32)
    norm2 = np.maximum(np.einsum("...c,...c->...", plate, plate), np.float32(64))
    usable2 = np.maximum(np.einsum("...c,...c,...c->...", plate, plate, free), np.float32(64))
    shade = np.einsum("...c,...c,...c->...", image, plate, free) / usable2
    residual = image - shade[..., None] * plate
    np.minimum(residual, 0, out=residual, where=clipped & (free == 0))
    return np.einsum("...c,...c->...", residual, residual), shade, np.sqrt(norm2)


def fit_background(
    frame: UInt8[Image, "height width 3"],
    plate: UInt8[Image, "height width 3"],
    known: Bool[Mask, "height width"],
) -> BackgroundModel:
    """Match the plate to the video by its first frame.

    ``known`` marks background in it. Fireflies and exposure shift a video's
    tones against a denoised plate; noise and misfit are measured on what remains.
    """
    shown, first = _match_tones(plate, frame, known), frame.astype(np.float32)
    across2, shade, norm = _residuals(first, shown)
    # Squared residuals across the line have two degrees of freedom, so that their median is
    # 2 ln 2 times the variance; along it the median of absolute values is 0.67 σ.
    chroma = _by_brightness(shown, np.sqrt(across2 / (2 * log(2.0))), known)
    light = _by_brightness(shown, np.abs(shade - 1) * norm / _MEDIAN_ABSOLUTE, known)
    slope = _slope(shown)
    misfit = slope * _misfit_px(np.abs(first - shown).mean(axis=-1), light, slope, known)
    noise = np.hypot(chroma, misfit), np.hypot(light, misfit)
    return BackgroundModel(shown, *noise, _shades(shade[known]))


def exposure_gain(
    image: Float32[Colors, "h w 3"], plate: Float32[Colors, "h w 3"], background: Bool[Mask, "h w"]
) -> float:
    """Factor by which an image is brighter than the plate where the background is likely seen."""
    bright = background & (plate.min(axis=-1) > 16)
    if bright.sum() < _MIN_PIXELS:
        return 1.0
    ratio = (image[bright] / plate[bright]).mean(axis=-1)
    return float(np.clip(np.median(ratio), 0.7, 1.4))


def _match_tones(
    plate: UInt8[Image, "h w 3"], frame: UInt8[Image, "h w 3"], known: Bool[Mask, "h w"]
) -> Float32[Colors, "h w 3"]:
    """Per channel, the curve from the plate's values to the frame's medians there."""
    matched = plate.astype(np.float32)
    for channel in range(3):
        p = matched[..., channel][known]
        shift = frame[..., channel][known] - p
        bins = list(_tone_bins(p))
        if bins:
            centers = [_median(p[chosen]) for chosen in bins]
            shifts = [_median(shift[chosen]) for chosen in bins]
            matched[..., channel] += np.interp(matched[..., channel], centers, shifts)
    return np.clip(matched, 0, 255)


def _by_brightness(
    plate: Float32[Colors, "h w 3"], level: Shaped[NDArray, "h w"], known: Bool[Mask, "h w"]
) -> Float32[Array32, "h w"]:
    """The median level of known pixels, as a function of the plate's brightness."""
    brightness = plate.mean(axis=-1)
    bins = list(_tone_bins(brightness[known]))
    if not bins:
        return np.full(level.shape, _MIN_NOISE, np.float32)
    centers = [_median(brightness[known][chosen]) for chosen in bins]
    levels = [_median(level[known][chosen]) for chosen in bins]
    return np.maximum(np.interp(brightness, centers, levels), _MIN_NOISE).astype(np.float32)


def _tone_bins(values: NDArray[np.float32]) -> Iterator[Mask]:
    """Split values (N,) into bins of about the same size, darkest first, and drop small ones."""
    if not len(values):
        return
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _TONE_BINS + 1)))
    bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0))
    for b in range(max(len(edges) - 1, 1)):
        if (chosen := bins == b).sum() >= _MIN_PIXELS // 2:
            yield chosen


def _slope(image: Float32[Colors, "h w 3"]) -> Float32[Array32, "h w"]:
    """Gray values per pixel, the steepest within two pixels."""
    import cv2

    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    du, dv = (cv2.Sobel(gray, cv2.CV_32F, *order) / 8 for order in ((1, 0), (0, 1)))
    # Not cv2.magnitude: it rounds by the alignment of its arrays in memory.
    return np.asarray(cv2.dilate(np.hypot(du, dv), np.ones((3, 3), np.uint8)), np.float32)


def _misfit_px(residual: NDArray, noise: NDArray, slope: NDArray, known: Mask) -> float:
    """How far edges of plate and video lie apart: what the residual exceeds noise by there."""
    edges = known & (slope > 2 * noise)
    if edges.sum() < _MIN_PIXELS:
        return _MISFIT_PX[0]
    excess = np.sqrt(np.maximum(np.square(residual) - np.square(noise), 0))[edges]
    return float(np.clip(_median(excess / slope[edges]) / _MEDIAN_ABSOLUTE, *_MISFIT_PX))


def _shades(shade: NDArray[np.float32]) -> NDArray[np.float32]:
    """The density of shades: those of frame 0 (N,), blurred, and a guess that favors weak ones."""
    width = _SHADES[1] - _SHADES[0]
    shaded = shade[np.abs(shade - 1) > 0.05]
    edges = np.append(_SHADES - width / 2, _SHADES[-1] + width / 2)
    counts = np.histogram(shaded, edges)[0].astype(np.float32)
    measured = np.convolve(counts, [0.25, 0.5, 0.25], mode="same") + 1e-3
    guess = np.clip(np.minimum(_SHADES - 0.3, 2 * (1.25 - _SHADES)), 0, None)
    mixed = (measured / measured.sum() + guess / guess.sum()) / 2
    return np.asarray(mixed / width, np.float32)


def _median(values: NDArray) -> float:
    return float(np.median(values)) if values.size else 0.0
