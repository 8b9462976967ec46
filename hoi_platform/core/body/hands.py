"""A hand by itself: where its palm is, how its fingers bend, and how they close on a surface.

Coordinates are the wrist's: origin at the wrist joint, axes of the rest pose.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from hoi_platform.core.arrays import Array, Indices, Mask
from hoi_platform.core.body.ik import Side
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, LEFT_HAND, RIGHT_HAND
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle

FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")
"""In the order of the skeleton."""
THUMB: Final = FINGERS.index("thumb")

OPEN_DEG: Final = np.array([[-14, -8, -4]] * 4 + [[-30, -10, -5]], float)
"""Flexion (5, 3) of an open hand, relative to the slightly curled rest pose."""
CLOSED_DEG: Final = np.array([[80, 85, 55]] * 4 + [[35, 45, 60]], float)
"""Flexion (5, 3) of a fist without an obstacle."""
OPPOSITION_DEG: Final = 28.0
"""How far the thumb's base turns in front of the palm in a grasp; chosen by eye."""

Distance = Callable[[Array], Array]
"""Signed distance (...,) in meters, negative inside, at points (..., 3) in the wrist's frame."""


@dataclass(frozen=True)
class Hand:
    """The skinned hand of one side of a body."""

    body: BodyModel
    side: Side

    @cached_property
    def slots(self) -> slice:
        """Indices of its 15 finger joints in the skeleton."""
        return LEFT_HAND if self.side == "left" else RIGHT_HAND

    @cached_property
    def joints(self) -> Float[Array, "16 3"]:
        """The wrist, then the finger joints, at rest."""
        indices = [JOINT[f"{self.side}_wrist"], *range(self.slots.start, self.slots.stop)]
        return self.body.rest_joints[indices] - self.body.rest_joints[indices[0]]

    @cached_property
    def palm_axes(self) -> Float[Array, "3 3"]:
        """Its columns are: out of the palm, toward the thumb, along the fingers."""
        knuckles = self.joints[[1, 4, 10, 7]]  # index, middle, ring, pinky
        along = knuckles.mean(axis=0)
        across = knuckles[0] - knuckles[3]
        along = along / np.linalg.norm(along)
        across = across - (across @ along) * along
        across = across / np.linalg.norm(across)
        out = np.cross(along, across) * (1.0 if self.side == "left" else -1.0)
        return np.stack([-out if out[1] > 0 else out, across, along], axis=-1)

    @cached_property
    def palm_center(self) -> Float[Array, "3"]:
        """The point of the palm's skin in the middle below the knuckles."""
        out, _, along = self.palm_axes.T
        center = self.joints[[4, 10]].mean(axis=0) * 0.82
        near = np.linalg.norm(self.vertices_at_rest - center, axis=1) < 0.35 * (center @ along)
        return center + out * np.percentile((self.vertices_at_rest[near] - center) @ out, 90)

    @cached_property
    def vertices_in_body(self) -> Int[Indices, " V"]:
        """Indices of its vertices in the body."""
        joints = [JOINT[f"{self.side}_wrist"], *range(self.slots.start, self.slots.stop)]
        return np.flatnonzero(np.isin(self.body.vertex_joint, joints))

    @cached_property
    def vertices_at_rest(self) -> Float[Array, "V 3"]:
        """In the wrist's frame."""
        wrist = self.body.rest_joints[JOINT[f"{self.side}_wrist"]]
        return self.body.rest_vertices[self.vertices_in_body] - wrist

    @cached_property
    def vertex_finger(self) -> Int[Indices, " V"]:
        """Joint of each vertex among the 15, −1 for the palm."""
        joint = self.body.vertex_joint[self.vertices_in_body] - self.slots.start
        return np.where((joint >= 0) & (joint < 15), joint, -1)

    @cached_property
    def weights(self) -> Float[Array, "V 16"]:
        """For the wrist and the finger joints; the rest of the body counts as wrist."""
        fingers = self.body.weights[self.vertices_in_body, self.slots]
        return np.concatenate([1 - fingers.sum(axis=1, keepdims=True), fingers], axis=1)

    @cached_property
    def flexion_axes(self) -> Float[Array, "15 3"]:
        """Axes about which positive angles close the hand.

        A finger closes about the normal of its direction and the palm's, the thumb about the
        line across the palm, so that it closes around a handle from the other side.
        """
        out, across, _ = self.palm_axes.T
        axes = np.zeros((15, 3))
        for finger in range(5):
            chain = self.joints[1 + 3 * finger : 4 + 3 * finger]
            for i in range(3):
                bone = chain[min(i + 1, 2)] - chain[min(i + 1, 2) - 1]
                axis = np.cross(bone, out)
                if finger == THUMB:
                    bone = bone / np.linalg.norm(bone)
                    mirror = 1.0 if self.side == "left" else -1.0
                    axis = mirror * (across - (across @ bone) * bone)
                axes[3 * finger + i] = axis / np.linalg.norm(axis)
        return axes

    def finger_rotations(
        self, flexion_deg: Real[Array, "*batch 5 3"], opposition_deg: Array | float = 0.0
    ) -> Float[Array, "*batch 15 3 3"]:
        """Local rotations for flexions and the thumb's opposition."""
        angles = np.deg2rad(np.asarray(flexion_deg, float))
        angles = angles.reshape(*angles.shape[:-2], 15)
        R = matrix_from_axis_angle(angles[..., None] * self.flexion_axes)
        mirror = 1.0 if self.side == "left" else -1.0
        turn = np.deg2rad(np.asarray(opposition_deg, float))[..., None] * self.palm_axes[:, 2]
        base = 3 * THUMB
        R[..., base, :, :] = (
            matrix_from_axis_angle(mirror * self._inward * turn) @ R[..., base, :, :]
        )
        return R

    @cached_property
    def _inward(self) -> float:
        """Sign with which a left hand's turn about its fingers brings the thumb before the palm."""
        out, across, along = self.palm_axes.T
        mirror = 1.0 if self.side == "left" else -1.0
        return float(np.sign(np.cross(mirror * along, across) @ out))

    def vertices(
        self, rotations: Float[Array, "B 15 3 3"], keep: Int[Indices, " kept"] | None = None
    ) -> Float[Array, "B _ 3"]:
        """Skinned vertices for finger rotations; ``keep`` selects some."""
        keep = np.arange(len(self.weights)) if keep is None else keep
        R, p = self._frames(rotations)
        offset = p - (R @ self.joints[:, :, None])[..., 0]
        transforms = np.concatenate([R, offset[..., None]], axis=-1).reshape(len(R), 16, 12)
        blended = (self.weights[keep] @ transforms).reshape(len(R), len(keep), 3, 4)
        rest = self.vertices_at_rest[keep]
        return (blended[..., :3] @ rest[:, :, None])[..., 0] + blended[..., 3]

    def _frames(
        self, rotations: Float[Array, "B 15 3 3"]
    ) -> tuple[Float[Array, "B 16 3 3"], Float[Array, "B 16 3"]]:
        """Rotations and positions of the wrist and the finger joints."""
        R = np.tile(np.eye(3), (len(rotations), 16, 1, 1))
        p = np.zeros((len(rotations), 16, 3))
        for joint in range(1, 16):
            parent = 0 if joint % 3 == 1 else joint - 1
            R[:, joint] = R[:, parent] @ rotations[:, joint - 1]
            offset = self.joints[joint] - self.joints[parent]
            p[:, joint] = p[:, parent] + R[:, parent] @ offset
        return R, p


@dataclass(frozen=True)
class Closure:
    """Fingers closed on a surface."""

    flexion_deg: Float[Array, "5 3"]
    touching: Bool[Mask, "5"]  # whether a finger reached the surface


def close_fingers(
    hand: Hand, distance: Distance, opposition_deg: float, clearance_m: float = 0.0, steps: int = 36
) -> Closure:
    """Close each finger from ``OPEN_DEG`` to ``CLOSED_DEG`` until it touches.

    All joints of a finger bend together; when a segment touches, the joints up to it stop and
    the later ones go on, so that the finger wraps. ``distance`` must be free for the open hand.
    """
    flexion, touching = OPEN_DEG.copy(), np.zeros(5, dtype=bool)
    for finger in range(5):
        moving, progress = 0, np.zeros(3)
        while moving < 3:
            ramp = np.linspace(progress[moving], 1.0, steps)
            trial = np.tile(progress, (steps, 1))
            trial[:, moving:] = ramp[:, None]
            stop, segment = _first_contact(
                hand,
                distance,
                finger=finger,
                progress=trial,
                moving=moving,
                opposition_deg=opposition_deg,
                clearance_m=clearance_m,
            )
            progress = trial[stop]
            if segment is None:
                break
            touching[finger] = True
            moving = segment + 1
        span = CLOSED_DEG[finger] - OPEN_DEG[finger]
        flexion[finger] = OPEN_DEG[finger] + progress * span
    return Closure(flexion, touching)


def _first_contact(
    hand: Hand,
    distance: Distance,
    finger: int,
    progress: Float[Array, "steps 3"],
    moving: int,
    opposition_deg: float,
    clearance_m: float,
) -> tuple[int, int | None]:
    """The last free step of a ramp and the segment that touches at the next."""
    flexion = np.tile(OPEN_DEG, (len(progress), 1, 1))
    flexion[:, finger] += progress * (CLOSED_DEG[finger] - OPEN_DEG[finger])
    joint = hand.vertex_finger
    keep = np.flatnonzero((joint >= 3 * finger + moving) & (joint < 3 * finger + 3))
    points = hand.vertices(hand.finger_rotations(flexion, opposition_deg), keep)
    inside = distance(points) < clearance_m
    hit = inside.any(axis=1)
    if not hit.any():
        return len(progress) - 1, None
    first = int(np.argmax(hit))
    segment = int((joint[keep][inside[first]] - 3 * finger).max())
    return max(first - 1, 0), segment
