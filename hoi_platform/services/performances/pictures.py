"""Part labels and depth in colors that people can distinguish."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.cues.parts import PartView
from hoi_platform.services.performances.views import read_views

_COLORS: Final = np.array(
    [[20, 20, 24], [150, 150, 160], [255, 140, 40], [60, 160, 255], [90, 220, 90], [120, 85, 60]],
    np.uint8,
)
"""Of each of ``core.cues.parts.PARTS``."""


def labels_and_depth(labels: Path, depth: Path, frames: Sequence[int]) -> list[NDArray[np.uint8]]:
    """The labels of some frames, then their depth, as pictures (H, W, 3)."""
    chosen = [v for number, v in enumerate(read_views(labels, depth)) if number in frames]
    return [_COLORS[view.labels] for view in chosen] + [_gray(view) for view in chosen]


def _gray(view: PartView) -> NDArray[np.uint8]:
    """Near is bright, the background black."""
    gray, seen = np.zeros(view.depth.shape, np.uint8), np.isfinite(view.depth)
    if seen.any():
        near, far = float(view.depth[seen].min()), float(view.depth[seen].max())
        gray[seen] = 255 - 195 * (view.depth[seen] - near) / max(far - near, 1e-6)
    return np.repeat(gray[..., None], 3, axis=-1)
