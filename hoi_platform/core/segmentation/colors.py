"""Color histograms as densities, one or one per body part."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.background import UNIFORM_LOG_DENSITY

_BITS: Final = 4
_BINS: Final = 1 << _BITS  # per channel
_BIN_WIDTH: Final = 256 // _BINS
_UNIFORM: Final = 0.05
"""Weight of the uniform density: colors that have not been seen yet."""


_SHADES: Final = {0.72: 0.1, 0.85: 0.2, 1.0: 0.4, 1.18: 0.2, 1.38: 0.1}
"""Weights of factors on a color as its surface turns against the light."""


def color_codes(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(height, width, 3) RGB → (height, width) index of the color's bin."""
    bins = (image >> (8 - _BITS)).astype(np.int64)
    return (bins[..., 0] << (2 * _BITS)) | (bins[..., 1] << _BITS) | bins[..., 2]


@dataclass(frozen=True)
class ColorModel:
    """Counts of colors; ``density`` is normalized per gray value cubed."""

    counts: NDArray[np.float32]  # (bins,)

    @classmethod
    def of(cls, codes: NDArray[np.int64]) -> "ColorModel":
        """From the codes (N,) of the pixels that show the thing."""
        return cls(np.bincount(codes, minlength=_BINS**3).astype(np.float32))

    @property
    def total(self) -> float:
        return float(self.counts.sum())

    def density(self) -> NDArray[np.float32]:
        """(bins,) blurred by noise and spread along the line to black, as light changes."""
        uniform = np.exp(UNIFORM_LOG_DENSITY)
        if not self.total:
            return np.full(_BINS**3, uniform, np.float32)
        spread = np.sum([w * _shaded(self.counts, s) for s, w in _SHADES.items()], axis=0)
        cube = _blurred(spread.reshape(_BINS, _BINS, _BINS)).ravel()
        share = cube / (cube.sum() * _BIN_WIDTH**3)
        return np.asarray((1 - _UNIFORM) * share + _UNIFORM * uniform, np.float32)

    def updated(self, codes: NDArray[np.int64], rate: float) -> "ColorModel":
        """Mix in the colors of further pixels with the weight ``rate`` of the whole."""
        if not len(codes):
            return self
        new = ColorModel.of(codes)
        if not self.total:
            return new
        return ColorModel((1 - rate) * self.counts + rate * self.total / new.total * new.counts)


def _shaded(counts: NDArray[np.float32], shade: float) -> NDArray[np.float32]:
    """The counts of the same colors, ``shade`` times as bright."""
    used = np.flatnonzero(counts)
    mask = _BINS - 1
    channels = np.stack([used >> (2 * _BITS), (used >> _BITS) & mask, used & mask])
    moved = np.clip(((channels + 0.5) * shade).astype(np.int64), 0, mask)
    codes = (moved[0] << (2 * _BITS)) | (moved[1] << _BITS) | moved[2]
    return np.bincount(codes, counts[used], minlength=_BINS**3).astype(np.float32)


def _blurred(cube: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(cube, 0.8, mode="nearest", truncate=2.5), np.float32)
