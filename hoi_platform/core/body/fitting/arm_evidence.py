"""Gathers what is known of both arms and rights the depth of their bones in the targets."""

from dataclasses import replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from hoi_platform.core.body.fitting.arm_depth import ArmEvidence, righted_directions
from hoi_platform.core.body.fitting.targets import FitTargets
from hoi_platform.core.body.ik import SIDES, Side
from hoi_platform.core.body.keypoints import KEYPOINT
from hoi_platform.core.geometry.rotations import Array

_SURE_SPREAD: Final = 6.0
"""Up to which spread a detection counts in full here."""
_RIGHTED_SPREAD: Final = 3.0
"""Largest spread of an arm's bone once the whole clip speaks for its direction."""


def right_arms(
    targets: FitTargets, p_world: Array, scene_depth: Array | None, fps: float
) -> FitTargets:
    """The targets with arms that point where the whole clip says.

    ``p_world`` (T, K, 3): the landmarks with the trunk in its place and the limbs as in frame 0;
    ``scene_depth`` (height, width) of the scene without person and object (m), where known.
    """
    T_cam_world = targets.T_cam_world.numpy()
    p_cam = p_world @ T_cam_world[:3, :3].T + T_cam_world[:3, 3]
    directions, known = targets.directions.clone(), targets.direction_known.clone()
    spread = targets.direction_spread.clone()
    for side in SIDES:
        rows = [targets.bones.index(bone) for bone in _bones(side)]
        arm = _evidence(targets, p_cam, scene_depth, side, rows)
        righted = righted_directions(arm, fps)
        found = np.isfinite(righted[..., 0])
        directions[:, rows] = torch.as_tensor(np.nan_to_num(righted))
        known[:, rows] = torch.as_tensor(found.astype(float))
        spread[:, rows] = spread[:, rows].clamp(max=_RIGHTED_SPREAD)
    return replace(targets, directions=directions, direction_known=known, direction_spread=spread)


def _bones(side: Side) -> list[tuple[int, int]]:
    shoulder, elbow, wrist = (KEYPOINT[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist"))
    return [(shoulder, elbow), (elbow, wrist)]


def _evidence(
    targets: FitTargets, p_cam: Array, scene_depth: Array | None, side: Side, rows: list[int]
) -> ArmEvidence:
    ends = [end for _, end in _bones(side)]
    seen = targets.known[:, ends].numpy().astype(bool)
    uv = targets.uv[:, ends].numpy()
    plane = (uv - targets.center_px.numpy()) / float(targets.focal_px)
    rays = np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1)
    directions = targets.directions[:, rows].numpy()
    pointed = targets.direction_known[:, rows].numpy().astype(bool)
    return ArmEvidence(
        shoulder=p_cam[:, KEYPOINT[f"{side}_shoulder"]],
        forward=_forward(p_cam),
        first=p_cam[0, ends],
        rays=np.where(seen[..., None], rays, np.nan),
        scene_depth=_depth_at(scene_depth, uv, seen),
        trust=np.minimum(1.0, _SURE_SPREAD / targets.direction_spread[:, rows].numpy()),
        directions=np.where(pointed[..., None], directions, np.nan),
    )


def _forward(p: Array) -> Array:
    """(T, 3) unit normals of the chest."""
    left, right = p[:, KEYPOINT["left_shoulder"]], p[:, KEYPOINT["right_shoulder"]]
    hips = (p[:, KEYPOINT["left_hip"]] + p[:, KEYPOINT["right_hip"]]) / 2
    normal = np.cross(left - right, (left + right) / 2 - hips)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True))


def _depth_at(scene_depth: Array | None, uv: Array, seen: NDArray[np.bool_]) -> Array:
    """Depth (T, 2) at pixels (T, 2, 2); inf outside of the image and where nothing is seen."""
    if scene_depth is None:
        return np.full(seen.shape, np.inf)
    height, width = scene_depth.shape
    column, row = np.floor(uv).astype(int)[..., 0], np.floor(uv).astype(int)[..., 1]
    inside = seen & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    depth = scene_depth[row.clip(0, height - 1), column.clip(0, width - 1)]
    return np.where(inside & (depth > 0), depth, np.inf)
