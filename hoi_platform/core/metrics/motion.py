"""How smooth a motion is: slide, jitter, second differences. Joints are (T, J, 3) in meters."""

from math import nan
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.transforms import transform_points

_FEET: Final = [JOINT["left_foot"], JOINT["right_foot"]]
STANCE_HEIGHT_M: Final = 0.03
"""Meters above its lowest height within which a foot stands; chosen."""
STANCE_SPEED_M_S: Final = 0.1
"""Meters per second below which a foot stands; chosen: a step is ten times as fast."""


def stance(joints: Float[Array, "T J 3"], fps: float) -> Bool[Mask, "T-1 2"]:
    """Between which frames the left and the right foot stand.

    A foot's joint is within 3 cm of its lowest height and slower than 0.1 m/s.
    """
    feet = joints[:, _FEET]
    low = feet[..., 2] < feet[..., 2].min(axis=0) + STANCE_HEIGHT_M
    slow = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * fps < STANCE_SPEED_M_S
    return low[1:] & low[:-1] & slow


def foot_slide_mm_s(
    joints: Float[Array, "T J 3"], fps: float, in_stance: Bool[Mask, "T-1 2"]
) -> float:
    """Mean horizontal speed of the feet's joints where ``in_stance``; nan without any."""
    step = np.diff(joints[:, _FEET, :2], axis=0)
    speed = 1000 * fps * np.linalg.norm(step, axis=-1)[in_stance]
    return float(speed.mean()) if len(speed) else nan


def jitter_m_s3(joints: Float[Array, "T J 3"], fps: float) -> float:
    """Mean jerk of the joints: third differences times fps³ (m/s³); nan below four frames."""
    return _mean_difference(joints, 3) * fps**3


def human_smoothness_m(joints: Float[Array, "T J 3"]) -> float:
    """GRAIL's smoothness of the person: mean norm of second differences per frame² (m).

    It depends on the frame rate: GRAIL's figures are at 24 fps.
    """
    return _mean_difference(joints, 2)


def object_smoothness_m(
    Ts_world_object: Float[Array, "T 4 4"], points: Float[Array, "N 3"]
) -> float:
    """The same for the object, on points of its surface."""
    return _mean_difference(transform_points(Ts_world_object, points), 2)


def _mean_difference(positions: Float[Array, "T J 3"], order: int) -> float:
    if len(positions) <= order:
        return nan
    return float(np.linalg.norm(np.diff(positions, n=order, axis=0), axis=-1).mean())
