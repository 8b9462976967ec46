"""The reconstruction laid over the video from the clip's own camera."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Image

OPACITY: Final = 0.62
"""Share of the render within the figures; chosen so that the video stays visible."""
_EDGE_GAIN: Final = 0.9
"""Share of the render on the figures' outline; chosen."""


def overlaid(frame: Image, render: Image, opacity: float = OPACITY) -> Image:
    """``render`` (H, W, 4) over ``frame`` (H, W, 3): translucent, its outline drawn in full.

    The video stays visible within the figures, so that every misalignment shows.
    """
    cover = render[..., 3:].astype(np.float32) / 255
    strength = np.maximum(cover * opacity, _EDGE_GAIN * outline(cover[..., 0])[..., None])
    color = np.where(cover > 0, render[..., :3], 255).astype(np.float32)
    return (frame * (1 - strength) + color * strength + 0.5).astype(np.uint8)


def outline(cover: NDArray[np.float32]) -> NDArray[np.float32]:
    """(H, W) in [0, 1]: a soft line two pixels wide along the edge of what is covered."""
    from scipy.ndimage import gaussian_filter

    soft = gaussian_filter(cover, 1.0)
    return np.asarray(np.clip(4 * soft * (1 - soft), 0, 1) ** 2, np.float32)
