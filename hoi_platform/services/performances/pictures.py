"""Part labels and depth in colors that people can tell apart."""

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
    near, far = float(np.nanmin(view.depth)), float(np.nanmax(view.depth))
    brightness = 255 - 195 * (view.depth - near) / max(far - near, 1e-6)
    gray = np.nan_to_num(brightness).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=-1)
