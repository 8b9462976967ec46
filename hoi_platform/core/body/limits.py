"""How far joints turn: ranges of the neutral skeleton's rotations.

A joint's rotation is split into a twist about its bone and a swing about an axis normal to it.
The range is a box on their rotation vector in rest axes: the component along the bone is the
twist's angle, the two others are the swing's. The ranges are those of healthy adults (AAOS, Joint
Motion, 1965; Kapandji, The Physiology of the Joints), widened where one joint of the skeleton
stands for several: the three spine joints share 75° of flexion, the wrist carries half of the
forearm's pronation, the thumb's base is a saddle.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import split_twist
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES, NUM_JOINTS
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class JointLimit:
    """The range of one joint."""

    bone: Float[Array, "3"]  # rest direction of the bone
    lower_deg: Float[Array, "3"]  # in rest axes
    upper_deg: Float[Array, "3"]
    twist_first: bool = False
    """Whether the twist is the outer rotation (the forearm's, at the wrist) or the inner one."""

    def mirrored(self) -> "JointLimit":
        """The same range on the other side of the body: y and z change sign."""
        lower = np.array([self.lower_deg[0], -self.upper_deg[1], -self.upper_deg[2]])
        upper = np.array([self.upper_deg[0], -self.lower_deg[1], -self.lower_deg[2]])
        bone = self.bone * [-1, 1, 1]
        return JointLimit(bone, lower, upper, self.twist_first)

    def coordinates(self, R: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch 3"]:
        """Twist and swing in degrees, in rest axes."""
        outer = R if self.twist_first else np.swapaxes(R, -1, -2)
        twist, swing = split_twist(outer, self.bone)
        vector = axis_angle_from_matrix(swing) + twist[..., None] * self.bone
        return np.rad2deg(vector if self.twist_first else -vector)

    def excess(self, R: Float[Array, "*batch 3 3"]) -> Float[Array, "*batch"]:
        """How far rotations lie outside the range, in radians."""
        q = self.coordinates(R)
        outside = np.maximum(self.lower_deg - q, 0) + np.maximum(q - self.upper_deg, 0)
        return np.deg2rad(np.linalg.norm(outside, axis=-1))


_CENTRAL: Final = {
    # joint: bone, x (bow +), y (turn left +), z (lean right +)
    "spine1": (_Y, (-12, 30), (-15, 15), (-14, 14)),
    "spine2": (_Y, (-12, 30), (-18, 18), (-14, 14)),
    "spine3": (_Y, (-12, 30), (-18, 18), (-14, 14)),
    "neck": (_Y, (-35, 40), (-45, 45), (-25, 25)),
    "head": (_Y, (-35, 40), (-45, 45), (-25, 25)),
    "jaw": (_Z, (0, 35), (-8, 8), (-8, 8)),
}
_LEFT: Final = {
    # x: flexion −, y: twist, z: abduction +
    "hip": (-_Y, (-125, 25), (-45, 45), (-25, 45)),
    # x: flexion +
    "knee": (-_Y, (-3, 150), (-12, 12), (-6, 6)),
    # x: plantar flexion +
    "ankle": (-_Y, (-35, 50), (-25, 25), (-25, 25)),
    "foot": (_Z, (-40, 30), (-5, 5), (-5, 5)),
    # y: protraction −, z: elevation +
    "collar": (_X, (-25, 25), (-28, 18), (-15, 40)),
    # x: twist, y: forward −, z: raised + (the T-pose is zero)
    "shoulder": (_X, (-100, 100), (-140, 55), (-105, 100)),
    # x: half of the pronation, y: flexion −
    "elbow": (_X, (-48, 48), (-152, 3), (-6, 6)),
    "eye": (_Z, (-40, 40), (-45, 45), (-5, 5)),
}
# x: half of the pronation, y: toward the thumb −, z: toward the palm −
_WRIST: Final = JointLimit(_X, np.array([-48.0, -25, -75]), np.array([48.0, 40, 70]), True)
# z: flexion −; the fingers' hinges are oblique to the axes, so that some of it shows in x and y.
_FINGER: Final = {
    1: (_X, (-45, 45), (-40, 40), (-95, 30)),
    2: (_X, (-60, 60), (-60, 60), (-110, 15)),
    3: (_X, (-60, 60), (-60, 60), (-90, 15)),
}
_THUMB: Final = (_X, (-75, 75), (-75, 75), (-75, 75))


def _limit(row: tuple) -> JointLimit:
    bone, *ranges = row
    lower, upper = np.array(ranges, float).T
    return JointLimit(bone, lower, upper)


def _table() -> dict[str, JointLimit]:
    left = {joint: _limit(row) for joint, row in _LEFT.items()} | {"wrist": _WRIST}
    for i in (1, 2, 3):
        for finger in ("index", "middle", "ring", "pinky"):
            left[f"{finger}{i}"] = _limit(_FINGER[i])
        left[f"thumb{i}"] = _limit(_THUMB)
    table = {joint: _limit(row) for joint, row in _CENTRAL.items()}
    table |= {f"left_{joint}": limit for joint, limit in left.items()}
    return table | {f"right_{joint}": limit.mirrored() for joint, limit in left.items()}


JOINT_LIMITS: Final[dict[str, JointLimit]] = _table()
"""Every joint but the pelvis, which turns freely."""


def limit_excess(rotations: Float[Array, "T 55 3 3"]) -> Float[Array, "T 55"]:
    """How far each joint is out of its range, in radians."""
    excess = np.zeros((len(rotations), NUM_JOINTS))
    for name, limit in JOINT_LIMITS.items():
        excess[:, JOINT[name]] = limit.excess(rotations[:, JOINT[name]])
    return excess


assert set(JOINT_LIMITS) | {"pelvis"} == set(JOINT_NAMES)
