"""Linear light and sRGB (IEC 61966-2-1), channel by channel on [0, 1]."""

import numpy as np

from hoi_platform.core.arrays import Array

RGB = tuple[float, float, float]
"""One color; linear or sRGB is said where it is used."""


def srgb_from_linear(linear: Array) -> Array:
    """The transfer function; values outside of [0, 1] are clipped."""
    x = np.clip(linear, 0.0, 1.0)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055)


def linear_from_srgb(srgb: Array) -> Array:
    """The inverse of ``srgb_from_linear``; values outside of [0, 1] are clipped."""
    x = np.clip(srgb, 0.0, 1.0)
    return np.where(x <= 0.04045, x / 12.92, np.power((x + 0.055) / 1.055, 2.4))
