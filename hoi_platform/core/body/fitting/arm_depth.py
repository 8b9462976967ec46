"""Which way the arms point along the line of sight: toward the camera or away from it.

An arm and its mirror image in depth meet the same pixels, and a detector's depth of people who are
small in the image is little more than a guess. What decides over a whole clip: the scene behind
the person (a hand seen before the table is not behind it), anatomy, and that arms do not jump.
The two solutions per bone are those of Taylor (CVIU 2000), for a perspective camera.
"""

from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.fitting.measurements import Measurements
from hoi_platform.core.body.ik import SIDES, Side
from hoi_platform.core.body.keypoints import KEYPOINT

_CHOICES: Final = tuple(product((0, 1), repeat=2))
"""Near or far elbow, near or far wrist from there: indices, by definition."""
_DETECTOR_RAD: Final = 0.6
"""Usual error (rad) of the detector's bone directions; chosen."""
_BEHIND_SCENE_M: Final = 0.06
"""Tolerance (m) of a joint behind the surface that it hides; chosen: about an arm's radius."""
_REACH_BACK: Final = (0.15, 0.25)
"""Usual reach of elbow and wrist behind the back, as a fraction of the arm's length; chosen."""
_SPEED_M_S: Final = 2.5
"""Usual speed (m/s) of elbow and wrist; chosen."""
_CAP: Final = 6.0
"""Most that one squared deviation (σ²) may cost; chosen: no single one decides."""
_SCENE_CAP: Final = 12.0
"""The same for the scene (σ²); chosen: what hides a surface is not behind it."""
_DISAGREES_RAD: Final = np.pi / 4
"""Angle (rad) to the likeliest arm beyond which the detector's direction is replaced; chosen."""
_FULL_TRUST_INFLATION: Final = 6.0
"""Factor on a direction's standard deviation up to which it counts in full here; chosen."""
_CORRECTED_INFLATION: Final = 3.0
"""Largest such factor once the whole clip speaks for an arm's direction; chosen."""


@dataclass(frozen=True)
class ArmEvidence:
    """One arm over T frames in camera coordinates (m); frame 0 is known."""

    shoulder: Float[Array, "T 3"]
    forward: Float[Array, "T 3"]  # unit: where the chest faces
    first: Float[Array, "2 3"]  # elbow and wrist in frame 0
    rays: Float[Array, "T 2 3"]  # through elbow and wrist with z = 1; nan where not detected
    scene_depth: Float[Array, "T 2"]  # of the empty scene there; inf where unknown
    trust: Float[Array, "T 2"]  # in [0, 1]: how certain elbow and wrist are
    directions: Float[Array, "T 2 3"]  # of upper arm and forearm by the detector; nan where unknown

    @property
    def lengths(self) -> Float[Array, "2"]:
        """Of upper arm and forearm."""
        upper, fore = self.first[0] - self.shoulder[0], self.first[1] - self.first[0]
        return np.linalg.norm([upper, fore], axis=-1)


def correct_arm_depth(
    measured: Measurements,
    p_world: Float[Array, "T K 3"],
    scene_depth: Float[Array, "H W"] | None,
    fps: float,
) -> Measurements:
    """The measurements with arms that point where the whole clip says.

    ``p_world``: the landmarks with the trunk in its place and the limbs as in frame 0;
    ``scene_depth``: depth of the scene without person and object (m), if known.
    """
    T_cam_world = measured.T_cam_world.numpy()
    p_cam = p_world @ T_cam_world[:3, :3].T + T_cam_world[:3, 3]
    directions, known = measured.directions.clone(), measured.direction_known.clone()
    inflation = measured.direction_inflation.clone()
    for side in SIDES:
        rows = [measured.bones.index(bone) for bone in _bones(side)]
        arm = _evidence(measured, p_cam, scene_depth, side, rows)
        corrected = corrected_directions(arm, fps)
        found = np.isfinite(corrected[..., 0])
        directions[:, rows] = torch.as_tensor(np.nan_to_num(corrected))
        known[:, rows] = torch.as_tensor(found.astype(float))
        inflation[:, rows] = inflation[:, rows].clamp(max=_CORRECTED_INFLATION)
    return replace(
        measured, directions=directions, direction_known=known, direction_inflation=inflation
    )


def _bones(side: Side) -> list[tuple[int, int]]:
    shoulder, elbow, wrist = (KEYPOINT[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist"))
    return [(shoulder, elbow), (elbow, wrist)]


def _evidence(
    measured: Measurements,
    p_cam: Float[Array, "T K 3"],
    scene_depth: Float[Array, "H W"] | None,
    side: Side,
    rows: list[int],
) -> ArmEvidence:
    ends = [end for _, end in _bones(side)]
    seen = measured.known[:, ends].numpy().astype(bool)
    uv = measured.uv[:, ends].numpy()
    plane = (uv - measured.center_px.numpy()) / float(measured.focal_px)
    rays = np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1)
    directions = measured.directions[:, rows].numpy()
    pointed = measured.direction_known[:, rows].numpy().astype(bool)
    inflation = measured.direction_inflation[:, rows].numpy()
    return ArmEvidence(
        shoulder=p_cam[:, KEYPOINT[f"{side}_shoulder"]],
        forward=_forward(p_cam),
        first=p_cam[0, ends],
        rays=np.where(seen[..., None], rays, np.nan),
        scene_depth=_depth_at(scene_depth, uv, seen),
        trust=np.minimum(1.0, _FULL_TRUST_INFLATION / inflation),
        directions=np.where(pointed[..., None], directions, np.nan),
    )


def _forward(p: Float[Array, "T K 3"]) -> Float[Array, "T 3"]:
    """Unit normals of the chest, of landmarks."""
    left, right = p[:, KEYPOINT["left_shoulder"]], p[:, KEYPOINT["right_shoulder"]]
    hips = (p[:, KEYPOINT["left_hip"]] + p[:, KEYPOINT["right_hip"]]) / 2
    normal = np.cross(left - right, (left + right) / 2 - hips)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


def _depth_at(
    scene_depth: Float[Array, "H W"] | None, uv: Float[Array, "T 2 2"], seen: Bool[Mask, "T 2"]
) -> Float[Array, "T 2"]:
    """Depth at pixels; inf outside of the image and where nothing is seen."""
    if scene_depth is None:
        return np.full(seen.shape, np.inf)
    height, width = scene_depth.shape
    column, row = np.floor(uv).astype(int)[..., 0], np.floor(uv).astype(int)[..., 1]
    inside = seen & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    depth = scene_depth[row.clip(0, height - 1), column.clip(0, width - 1)]
    return np.where(inside & (depth > 0), depth, np.inf)


def corrected_directions(arm: ArmEvidence, fps: float) -> Float[Array, "T 2 3"]:
    """The detector's directions, replaced where the likeliest arm points elsewhere."""
    frames = np.flatnonzero(np.isfinite(arm.rays).all(axis=(1, 2)))
    frames = frames[frames > 0]
    result = arm.directions.copy()
    if not frames.size:
        return result
    joints = _candidates(arm)
    starts = np.broadcast_to(arm.shoulder[:, None], (len(joints), len(_CHOICES), 3))
    bones = _unit(joints - np.stack([starts, joints[:, :, 0]], axis=2))
    costs = _own_costs(arm, joints, bones)
    chosen = _cheapest_path(arm.first, joints, costs, frames, fps)
    best = bones[frames, chosen]
    differs = ~(_angle(best, arm.directions[frames]) <= _DISAGREES_RAD)
    result[frames] = np.where(differs[..., None], best, arm.directions[frames])
    return result


def _candidates(arm: ArmEvidence) -> Float[Array, "T 4 2 3"]:
    """Elbow and wrist for each choice."""
    upper, fore = arm.lengths
    elbows = _on_ray(arm.shoulder, arm.rays[:, 0], upper)
    wrists = [_on_ray(elbow, arm.rays[:, 1], fore) for elbow in elbows]
    return np.stack([np.stack([elbows[e], wrists[e][w]], axis=1) for e, w in _CHOICES], axis=1)


def _on_ray(
    start: Float[Array, "T 3"], ray: Float[Array, "T 3"], length: float
) -> tuple[Float[Array, "T 3"], Float[Array, "T 3"]]:
    """The near and the far point of rays at a distance from ``start``.

    The nearest point of the ray for both where the ray passes farther away.
    """
    rr = (ray * ray).sum(axis=-1)
    middle = (ray * start).sum(axis=-1) / rr
    gap = np.square(middle) - ((start * start).sum(axis=-1) - length**2) / rr
    half = np.sqrt(np.maximum(gap, 0.0))
    return ray * (middle - half)[:, None], ray * (middle + half)[:, None]


def _own_costs(
    arm: ArmEvidence, joints: Float[Array, "T 4 2 3"], bones: Float[Array, "T 4 2 3"]
) -> Float[Array, "T 4"]:
    """What speaks against each choice within its frame."""
    turned = np.nan_to_num(_angle(bones, arm.directions[:, None]))
    trust = arm.trust[:, None]
    behind = np.maximum(joints[..., 2] - arm.scene_depth[:, None], 0.0)
    back = -np.einsum("tcjk,tk->tcj", joints - arm.shoulder[:, None, None], arm.forward)
    usual = np.array(_REACH_BACK) * arm.lengths.sum()
    evidence = (
        trust * _capped(turned / _DETECTOR_RAD),
        trust * _capped(behind / _BEHIND_SCENE_M, _SCENE_CAP),
        _capped(np.maximum(back, 0.0) / usual),
    )
    return np.sum(evidence, axis=(0, -1))


def _cheapest_path(
    first: Float[Array, "2 3"],
    joints: Float[Array, "T 4 2 3"],
    costs: Float[Array, "T 4"],
    frames: Integer[NDArray[np.integer], " N"],
    fps: float,
) -> Integer[NDArray[np.integer], " N"]:
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
