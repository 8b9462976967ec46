"""Which way the arms point along the line of sight: toward the camera or away from it.

An arm and its mirror image in depth meet the same pixels, and a detector's depth of people who are
small in the image is little more than a guess. What decides over a whole clip: the scene behind
the person (a hand seen before the table is not behind it), anatomy, and that arms do not jump.
The two solutions per bone are those of Taylor (CVIU 2000), for a perspective camera.
"""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.rotations import Array

_CHOICES: Final = tuple(product((0, 1), repeat=2))
"""Near or far elbow; near or far wrist from there."""
_DETECTOR_RAD: Final = 0.6
"""Error of the detector's bone directions."""
_BEHIND_SCENE_M: Final = 0.06
"""Tolerance of a joint behind the surface that it hides."""
_WRIST_BACK: Final = 0.25
_ELBOW_BACK: Final = 0.15
"""Usual reach behind the back, in arm lengths."""
_SPEED_M_S: Final = 2.5
_CAP: Final = 6.0
"""Largest squared deviation that one piece of evidence may count for."""
_SCENE_CAP: Final = 12.0
"""The same for the scene: what hides a surface is not behind it."""
_DISAGREES_RAD: Final = np.pi / 4


@dataclass(frozen=True)
class ArmEvidence:
    """One arm over T frames in camera coordinates (m); frame 0 is known."""

    shoulder: Array  # (T, 3)
    forward: Array  # (T, 3) unit: where the chest faces
    first: Array  # (2, 3) elbow and wrist in frame 0
    rays: Array  # (T, 2, 3) through elbow and wrist with z = 1; nan where not detected
    scene_depth: Array  # (T, 2) of the empty scene there; inf where unknown
    trust: Array  # (T, 2) in [0, 1]: how sure elbow and wrist are
    directions: Array  # (T, 2, 3) of upper arm and forearm by the detector; nan where unknown

    @property
    def lengths(self) -> Array:
        """(2,) of upper arm and forearm."""
        upper, fore = self.first[0] - self.shoulder[0], self.first[1] - self.first[0]
        return np.linalg.norm([upper, fore], axis=-1)


def righted_directions(arm: ArmEvidence, fps: float) -> Array:
    """The detector's directions (T, 2, 3), replaced where the likeliest arm points elsewhere."""
    frames = np.flatnonzero(np.isfinite(arm.rays).all(axis=(1, 2)))
    frames = frames[frames > 0]
    result = arm.directions.copy()
    if not frames.size:
        return result
    joints = _candidates(arm)
    bones = _unit(joints - np.stack([_starts(arm, len(joints)), joints[:, :, 0]], axis=2))
    costs = _own_costs(arm, joints, bones)
    chosen = _cheapest_path(arm.first, joints, costs, frames, fps)
    best = bones[frames, chosen]
    differs = ~(_angle(best, arm.directions[frames]) <= _DISAGREES_RAD)
    result[frames] = np.where(differs[..., None], best, arm.directions[frames])
    return result


def _candidates(arm: ArmEvidence) -> Array:
    """(T, 4, 2, 3) elbow and wrist for each choice."""
    upper, fore = arm.lengths
    elbows = _on_ray(arm.shoulder, arm.rays[:, 0], upper)
    wrists = [_on_ray(elbow, arm.rays[:, 1], fore) for elbow in elbows]
    return np.stack([np.stack([elbows[e], wrists[e][w]], axis=1) for e, w in _CHOICES], axis=1)


def _on_ray(start: Array, ray: Array, length: float) -> tuple[Array, Array]:
    """The near and the far point of rays (T, 3) at a distance from ``start`` (T, 3).

    The nearest point of the ray for both where the ray passes farther away.
    """
    rr = (ray * ray).sum(axis=-1)
    middle = (ray * start).sum(axis=-1) / rr
    gap = np.square(middle) - ((start * start).sum(axis=-1) - length**2) / rr
    half = np.sqrt(np.maximum(gap, 0.0))
    return ray * (middle - half)[:, None], ray * (middle + half)[:, None]


def _starts(arm: ArmEvidence, count: int) -> Array:
    return np.broadcast_to(arm.shoulder[:, None], (count, len(_CHOICES), 3))


def _own_costs(arm: ArmEvidence, joints: Array, bones: Array) -> Array:
    """(T, 4) what speaks against each choice within its frame."""
    turned = np.nan_to_num(_angle(bones, arm.directions[:, None]))
    trust = arm.trust[:, None]
    behind = np.maximum(joints[..., 2] - arm.scene_depth[:, None], 0.0)
    back = -np.einsum("tcjk,tk->tcj", joints - arm.shoulder[:, None, None], arm.forward)
    usual = np.array([_ELBOW_BACK, _WRIST_BACK]) * arm.lengths.sum()
    evidence = (
        trust * _capped(turned / _DETECTOR_RAD),
        trust * _capped(behind / _BEHIND_SCENE_M, _SCENE_CAP),
        _capped(np.maximum(back, 0.0) / usual),
    )
    return np.sum(evidence, axis=(0, -1))


def _cheapest_path(
    first: Array, joints: Array, costs: Array, frames: NDArray[np.integer], fps: float
) -> NDArray[np.integer]:
    """The choice per frame of ``frames`` whose sum of costs and jumps is least (Viterbi)."""
    before, at = np.broadcast_to(first, (len(_CHOICES), *first.shape)), 0
    total = np.zeros(len(_CHOICES))
    origin = np.zeros((len(frames), len(_CHOICES)), dtype=int)
    for i, frame in enumerate(frames):
        step = np.linalg.norm(joints[frame][:, None] - before[None], axis=-1)
        jump = _capped(step * fps / (frame - at) / _SPEED_M_S).sum(axis=-1) + total
        origin[i] = jump.argmin(axis=1)
        total = jump.min(axis=1) + costs[frame]
        before, at = joints[frame], frame
    path = np.empty(len(frames), dtype=int)
    path[-1] = int(total.argmin())
    for i in range(len(frames) - 1, 0, -1):
        path[i - 1] = origin[i, path[i]]
    return path


def _capped(deviation: Array, cap: float = _CAP) -> Array:
    return np.minimum(np.square(deviation), cap)


def _angle(a: Array, b: Array) -> Array:
    """Angle between unit vectors (rad); nan where one is unknown."""
    return np.arccos(np.clip((a * b).sum(axis=-1), -1.0, 1.0))


def _unit(v: Array) -> Array:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
