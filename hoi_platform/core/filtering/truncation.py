"""Where a clip stops being good, so that its good beginning can be kept."""

from typing import Final

import numpy as np

from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.filtering.silhouettes import Misalignment
from hoi_platform.core.geometry.rotations import Array

_WINDOW: Final = 5
"""Frames of the running median: shorter disturbances do not end the good beginning."""


def kept_frames(errors: Misalignment, config: FilteringConfig) -> int:
    """How many first frames to keep.

    All of them, unless ``min_frames`` is set and at least so many precede the first frame whose
    misalignment stays above its limit.
    """
    total = len(errors.object)
    if config.min_frames is None:
        return total
    good = min(
        good_beginning(errors.object, config.object_mask_tol),
        good_beginning(errors.total, config.total_mask_tol),
    )
    return good if good >= config.min_frames else total


def good_beginning(per_frame: Array, limit: float) -> int:
    """The number of frames before the running median of the judged frames exceeds ``limit``."""
    padded = np.pad(per_frame, _WINDOW // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    judged = np.isfinite(windows).any(axis=1)
    median = np.full(len(per_frame), 0.0)
    median[judged] = np.nanmedian(windows[judged], axis=1)
    bad = np.flatnonzero(median > limit)
    return int(bad[0]) if len(bad) else len(per_frame)
