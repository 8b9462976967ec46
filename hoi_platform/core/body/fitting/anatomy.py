"""Mobility of the joints: how far they stray from a pose, and which are hinges."""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES, NUM_BODY_JOINTS

FINGERS: Final = ("index", "middle", "ring", "pinky")

_STRAY: Final = {
    "pelvis": (0.3, 0.3, 0.15),
    "spine1": (0.15, 0.12, 0.08),
    "spine2": (0.15, 0.12, 0.08),
    "spine3": (0.15, 0.12, 0.08),
    "neck": (0.25, 0.25, 0.12),
    "head": (0.3, 0.3, 0.15),
    "hip": (0.5, 0.25, 0.25),
    "knee": (0.5, 0.03, 0.03),
    "ankle": (0.4, 0.2, 0.2),
    "foot": (0.05, 0.02, 0.02),
    "collar": (0.08, 0.15, 0.15),
    "shoulder": (1.0, 1.0, 1.0),
    "elbow": (0.6, 1.2, 0.3),
    "wrist": (0.6, 0.4, 0.5),
}
"""Standard deviation (rad) of a joint's turn away from the first frame's pose, per rest axis;
chosen: loose where people reach, almost rigid where a joint does not turn."""
_FINGER_STRAY: Final = (0.3, 0.3, 0.7)
"""The same of a finger's joint (rad); chosen: mostly flexion."""
_THUMB_STRAY: Final = (0.35, 0.35, 0.35)
"""The same of a thumb's joint (rad); chosen."""

_SEGMENT_MASS: Final = {
    ("neck", "head"): 0.081,
    ("pelvis", "neck"): 0.497,
    ("{s}_shoulder", "{s}_elbow"): 0.028,
    ("{s}_elbow", "{s}_wrist"): 0.022,
    ("{s}_hip", "{s}_knee"): 0.1,
    ("{s}_knee", "{s}_ankle"): 0.0465,
    ("{s}_ankle", "{s}_foot"): 0.0145,
}
"""Shares of the body's mass by segment between two joints; Winter (2009), Biomechanics and Motor
Control of Human Movement, 4th ed., table 4.1 (the trunk's center lies midway)."""
_ELBOW_LIMITS: Final = (0.0, 2.6)
"""Least and greatest flexion (rad); chosen, as are the limits below: rounded from anatomy."""
_KNEE_LIMITS: Final = (0.0, 2.5)
"""Least and greatest flexion (rad); chosen."""
_FINGER_LIMITS: Final = ((-0.35, 1.6), (-0.05, 1.9), (-0.1, 1.4))
"""Least and greatest flexion (rad) of a finger's three joints from the palm on; chosen."""


class Hinge(NamedTuple):
    """A joint that bends in one plane; see ``terms.hinge_limit``."""

    joint: int
    bone: Float[Array, "3"]
    fold: Float[Array, "3"]
    limits: tuple[float, float]  # rad
    is_finger: bool


def stray_rad(joint: int) -> tuple[float, float, float]:
    """Standard deviations (rad) of a joint's rotation residual about its rest axes."""
    part = JOINT_NAMES[joint].removeprefix("left_").removeprefix("right_")
    if joint < NUM_BODY_JOINTS:
        return _STRAY[part]
    return _THUMB_STRAY if part.startswith("thumb") else _FINGER_STRAY


def hinges(body: BodyModel) -> list[Hinge]:
    """Elbows, knees and the joints of the four fingers."""
    forward, down = np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0])
    rows = []
    for side in SIDES:
        rows.append(_hinge(body, f"{side}_elbow", f"{side}_wrist", forward, _ELBOW_LIMITS))
        rows.append(_hinge(body, f"{side}_knee", f"{side}_ankle", -forward, _KNEE_LIMITS))
        for finger in FINGERS:
            names = [f"{side}_{finger}{i}" for i in (1, 2, 3)]
            rows.append(_hinge(body, names[0], names[1], down, _FINGER_LIMITS[0]))
            rows.append(_hinge(body, names[1], names[2], down, _FINGER_LIMITS[1]))
            # The last phalanx has no joint at its tip; it prolongs the middle one.
            last = _hinge(body, names[1], names[2], down, _FINGER_LIMITS[2])
            rows.append(last._replace(joint=JOINT[names[2]]))
    return rows


def _hinge(
    body: BodyModel, joint: str, child: str, toward: Float[Array, "3"], limits: tuple[float, float]
) -> Hinge:
    bone = body.rest_joints[JOINT[child]] - body.rest_joints[JOINT[joint]]
    bone = bone / np.linalg.norm(bone)
    fold = toward - (toward @ bone) * bone
    is_finger = JOINT[joint] >= NUM_BODY_JOINTS
    return Hinge(JOINT[joint], bone, fold / np.linalg.norm(fold), limits, is_finger)


def mass_of_joints() -> Float[Array, "55"]:
    """Shares of the body's mass; the weighted mean of the joints is its center of mass."""
    mass = np.zeros(len(JOINT))
    for ends, share in _SEGMENT_MASS.items():
        for side in SIDES if "{s}" in ends[0] else ("",):
            for end in ends:
                mass[JOINT[end.format(s=side)]] += share / 2
    return mass / mass.sum()


def sole_vertices(body: BodyModel, side: str) -> list[int]:
    """The lowest vertices of the heel and of the ball of one foot in the T-pose."""
    ankle, ball = body.rest_joints[[JOINT[f"{side}_ankle"], JOINT[f"{side}_foot"]]]
    own = np.isin(body.vertex_joint, [JOINT[f"{side}_ankle"], JOINT[f"{side}_foot"]])
    p, length = body.rest_vertices, ball[2] - ankle[2]
    heel = own & (p[:, 2] < ankle[2] + 0.1 * length)
    inner = own & (p[:, 2] > ankle[2] + 0.6 * length) & (np.abs(p[:, 0]) < abs(ball[0]))
    outer = own & (p[:, 2] > ankle[2] + 0.6 * length) & (np.abs(p[:, 0]) >= abs(ball[0]))
    return [int(np.argmin(np.where(part, p[:, 1], np.inf))) for part in (heel, inner, outer)]
