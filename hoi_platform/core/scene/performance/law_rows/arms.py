"""Arms reach what was planned, bend as arms do, and are not too fast."""

from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import SIDES, Side, joint_frame
from hoi_platform.core.body.limits import limit_excess
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES
from hoi_platform.core.geometry.rotations import rotation_angle
from hoi_platform.core.scene.performance.animate import Animation
from hoi_platform.core.scene.performance.laws import Candidate, Hold, Law

LIMIT_EXCESS_DEG: Final = 2.0
"""Degrees beyond a joint's range, at most; chosen: ranges are those of an average person."""
REACH_ERROR_M: Final = 5e-4
"""Meters between a holding wrist and its grasp, at most; chosen: rounding is far below."""
ARM_SPEED_RAD_S: Final = 8.8
"""Radians per second of a shoulder, an elbow or a wrist, at most; chosen: brisk, not hasty."""


def wrist_error(candidate: Candidate) -> float:
    """Largest distance of a holding wrist from where its grasp has it (m)."""
    return max((_miss(candidate, hold) for hold in candidate.holds), default=0.0)


def _miss(candidate: Candidate, hold: Hold) -> float:
    animation, body = candidate.skinned.animation, candidate.skinned.sample.body
    wrist = JOINT[f"{SIDES[hold.side]}_wrist"]
    _, at = joint_frame(body, animation.rotations, animation.pelvis, wrist)
    planned = (animation.Ts_world_object @ hold.grasp.T_object_wrist)[:, :3, 3]
    return float(np.linalg.norm(at - planned, axis=-1)[hold.frames].max(initial=0))


def _excess(candidate: Candidate) -> Array:
    return np.rad2deg(limit_excess(candidate.skinned.animation.rotations))


def _most_bent(candidate: Candidate) -> str:
    return JOINT_NAMES[int(_excess(candidate).max(axis=0).argmax())]


def arm_speed(animation: Animation, side: Side, fps: float) -> float:
    """The largest angular speed of the arm's joints from one frame to the next (rad/s)."""
    fastest = 0.0
    for name in ("shoulder", "elbow", "wrist"):
        R = animation.rotations[:, JOINT[f"{side}_{name}"]]
        fastest = max(fastest, float(rotation_angle(R[:-1], R[1:]).max()))
    return fastest * fps


def _speed(candidate: Candidate) -> float:
    return max(
        (
            arm_speed(candidate.skinned.animation, SIDES[h.side], candidate.fps)
            for h in candidate.holds
        ),
        default=0.0,
    )


LAWS = (
    Law("wrist error", REACH_ERROR_M, "m", wrist_error),
    Law(
        "joint limit excess",
        LIMIT_EXCESS_DEG,
        "deg",
        lambda candidate: float(_excess(candidate).max()),
        where=_most_bent,
    ),
    Law("speed of an arm joint", ARM_SPEED_RAD_S, "rad/s", _speed),
)
