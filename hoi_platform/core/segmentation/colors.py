"""Color histograms as densities, one or one per body part."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float32]

_BITS: Final = 4
_BINS: Final = 1 << _BITS  # per channel
_BIN_WIDTH: Final = 256 // _BINS


_SHADES: Final = {0.72: 0.1, 0.85: 0.2, 1.0: 0.4, 1.18: 0.2, 1.38: 0.1}
"""Weights of factors on a color as its surface turns against the light."""


def color_codes(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(height, width, 3) RGB → (height, width) index of the color's bin."""
    bins = (image >> (8 - _BITS)).astype(np.int64)
    return (bins[..., 0] << (2 * _BITS)) | (bins[..., 1] << _BITS) | bins[..., 2]


@dataclass(frozen=True)
class ColorModel:
    """Shares of colors: half those first seen, which never fade, half what followed."""

    first: Shares  # (bins,), sum 1, or 0 where nothing has been seen
    learned: Shares  # (bins,)
    pixels: int  # that ``first`` was counted on

    @classmethod
    def of(cls, codes: NDArray[np.int64]) -> "ColorModel":
        """From the codes (N,) of the pixels that show the thing."""
        shares = _shares(codes)
        return cls(shares, shares, len(codes))

    def density(self) -> Shares:
        """(bins,) per gray value cubed: blurred by noise and spread along the line to black,
        as a surface changes when it turns against the light."""
        if not self.pixels:
            return np.zeros(_BINS**3, np.float32)
        shares = (self.first + self.learned) / 2
        spread = np.sum([w * _shaded(shares, shade) for shade, w in _SHADES.items()], axis=0)
        cube = _blurred(spread.reshape(_BINS, _BINS, _BINS)).ravel()
        return np.asarray(cube / (cube.sum() * _BIN_WIDTH**3), np.float32)

    def updated(self, codes: NDArray[np.int64], rate: float) -> "ColorModel":
        """Mix in the colors of further pixels (N,) with the weight ``rate``."""
        if not len(codes):
            return self
        if not self.pixels:
            return ColorModel.of(codes)
        learned = (1 - rate) * self.learned + rate * _shares(codes)
        return ColorModel(self.first, learned.astype(np.float32), self.pixels)


def _shares(codes: NDArray[np.int64]) -> Shares:
    counts = np.bincount(codes, minlength=_BINS**3)
    return np.asarray(counts / max(len(codes), 1), np.float32)


def _shaded(shares: Shares, shade: float) -> Shares:
    """The shares of the same colors, ``shade`` times as bright."""
    used = np.flatnonzero(shares)
    mask = _BINS - 1
    channels = np.stack([used >> (2 * _BITS), (used >> _BITS) & mask, used & mask])
    moved = np.clip(((channels + 0.5) * shade).astype(np.int64), 0, mask)
    codes = (moved[0] << (2 * _BITS)) | (moved[1] << _BITS) | moved[2]
    return np.bincount(codes, shares[used], minlength=_BINS**3).astype(np.float32)


def _blurred(cube: Shares) -> Shares:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(cube, 0.8, mode="nearest", truncate=2.5), np.float32)
