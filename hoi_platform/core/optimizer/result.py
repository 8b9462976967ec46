"""What the optimizer hands back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.geometry.rotations import Array


@dataclass(frozen=True)
class HoiResult:
    """The optimized clip, in the world of the clip's ``SceneSpec``."""

    motion: BodyMotion
    Ts_world_object: Array
    """(T, 4, 4), the mesh's own frame."""
    loss_history: dict[str, NDArray[np.float64]]
    """Term → its weighted value at each iteration; 0 where a stage did without it."""
    eval_data: dict[str, float]
    """Term → its final weighted value before smoothing, as the reference's filter limits it."""
    stage_seconds: dict[str, float]
    left_out: dict[str, str]
    """Configured terms that could not be computed, and why."""
