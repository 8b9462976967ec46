"""What a fit is drawn to: detections corrected by the known first frame, in solver form."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hoi_platform.core.body.fitting.bones import ALL_BONES
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.observation import KeypointObservation
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import (
    Array,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    rotation_between,
)

_LOCAL_RAD = 0.35
"""Turn from frame 0 over which a bone's measured bias there is believed to persist (rad)."""
_LOCAL_STATURES = 0.08
"""The same for a landmark, as a distance in the image in statures."""
_GROSS_STATURES = 0.08
"""A landmark farther off than this in frame 0 is an outlier, not a bias."""


@dataclass(frozen=True)
class FitTargets:
    """Observations of T frames in camera coordinates and pixels; confidence 0 where unknown."""

    uv: Tensor  # (T, K, 2), 0 where unknown
    confidence: Tensor  # (T, K)
    sigma_px: Tensor  # (T, K)
    bones: list[tuple[int, int]]
    directions: Tensor  # (T, B, 3) unit vectors
    direction_confidence: Tensor  # (T, B)
    T_cam_world: Tensor  # (4, 4)
    focal_px: Tensor  # ()
    center_px: Tensor  # (2,)


def make_targets(
    observation: KeypointObservation,
    camera: Camera,
    p_world_first: Array,
    spread_m: Array,
    stature_m: float,
    config: FitConfig,
) -> FitTargets:
    """``p_world_first`` (K, 3): where the landmarks of frame 0 really are; ``spread_m`` (K,)."""
    p_cam = camera.to_cam(p_world_first)
    px_per_m = camera.focal_px / np.maximum(p_cam[:, 2], 0.1)
    uv, confidence = observation.keypoints_px[..., :2], observation.keypoints_px[..., 2]
    uv = without_bias(
        uv,
        camera.project(p_world_first),
        stature_m * float(px_per_m.mean()),
        config.first_frame_trust,
    )
    directions, weight = bone_directions(observation, p_cam, ALL_BONES)
    tensor = torch.as_tensor
    return FitTargets(
        tensor(np.nan_to_num(uv)),
        tensor(np.where(np.isfinite(uv[..., 0]), confidence, 0.0)),
        tensor(np.tile(np.hypot(spread_m * px_per_m, config.landmark_floor_px), (len(uv), 1))),
        ALL_BONES,
        tensor(directions),
        tensor(weight),
        tensor(camera.T_cam_world),
        tensor(camera.focal_px),
        tensor([camera.width_px / 2, camera.height_px / 2], dtype=torch.float64),
    )


def without_bias(uv: Array, uv_first: Array, stature_px: float, trust: float) -> Array:
    """Detections (T, K, 2) less their error in frame 0, where the truth (K, 2) is known.

    All of it near the place of frame 0, the share ``trust`` of it far from there.
    """
    bias = uv[0] - uv_first
    usable = np.linalg.norm(np.nan_to_num(bias, nan=np.inf), axis=-1) < _GROSS_STATURES * stature_px
    bias = np.where(usable[:, None], bias, 0.0)
    moved = np.nan_to_num(np.linalg.norm(uv - uv[:1], axis=-1))
    near = np.exp(-((moved / (_LOCAL_STATURES * stature_px)) ** 2))
    return uv - (trust + (1 - trust) * near)[..., None] * bias


def bone_directions(
    observation: KeypointObservation, p_cam_first: Array, bones: list[tuple[int, int]]
) -> tuple[Array, Array]:
    """Unit directions (T, B, 3) in the camera and their confidence (T, B), bias removed.

    The rotation that rights a bone in frame 0 is applied in full while the bone points about
    there and fades out as it turns away.
    """
    start, end = (list(rows) for rows in zip(*bones, strict=True))
    measured = _unit(observation.landmarks_cam[:, end] - observation.landmarks_cam[:, start])
    true_first = _unit(p_cam_first[end] - p_cam_first[start])
    known = np.isfinite(measured[..., 0])
    result = np.nan_to_num(measured)
    for b in np.flatnonzero(known[0]):
        righting = axis_angle_from_matrix(rotation_between(measured[0, b], true_first[b]))
        turned = np.arccos(np.clip(result[:, b] @ measured[0, b], -1, 1))
        share = np.exp(-((turned / _LOCAL_RAD) ** 2))
        R = matrix_from_axis_angle(share[:, None] * righting)
        result[:, b] = (R @ result[:, b, :, None])[..., 0]
    confidence = np.minimum(
        observation.keypoints_px[:, start, 2], observation.keypoints_px[:, end, 2]
    )
    return result, np.where(known, confidence, 0.0)


def _unit(v: Array) -> Array:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
