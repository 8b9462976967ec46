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
    """Observations of T frames in camera coordinates and pixels; 0 where unknown."""

    uv: Tensor  # (T, K, 2)
    known: Tensor  # (T, K) 1 where detected, else 0
    sigma_px: Tensor  # (T, K)
    certainty: Tensor  # (T, K) in [0, 1]: σ² of a certain landmark of that kind over this one's
    bones: list[tuple[int, int]]
    directions: Tensor  # (T, B, 3) unit vectors
    direction_known: Tensor  # (T, B) 1 where detected, else 0
    direction_spread: Tensor  # (T, B) factor on a bone's standard deviation
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
    spread = spread_of_confidence(observation.keypoints_px[..., 2], config.confidence_growth)
    uv, doubt_px = without_bias(
        observation.keypoints_px[..., :2],
        camera.project(p_world_first),
        stature_m * float(px_per_m.mean()),
        config.first_frame_trust,
    )
    sure_px = np.hypot(spread_m * px_per_m, config.landmark_floor_px)
    sigma_px = np.hypot(sure_px * spread, doubt_px)
    directions = bone_directions(observation.landmarks_cam, p_cam, ALL_BONES)
    ends = spread[:, np.array(ALL_BONES)].max(axis=-1)
    tensor = torch.as_tensor
    return FitTargets(
        tensor(np.nan_to_num(uv)),
        tensor(np.isfinite(uv[..., 0]).astype(float)),
        tensor(sigma_px),
        tensor(np.square(sure_px / sigma_px)),
        ALL_BONES,
        tensor(np.nan_to_num(directions)),
        tensor(np.isfinite(directions[..., 0]).astype(float)),
        tensor(ends),
        tensor(camera.T_cam_world),
        tensor(camera.focal_px),
        tensor([camera.width_px / 2, camera.height_px / 2], dtype=torch.float64),
    )


def spread_of_confidence(confidence: Array, growth: float) -> Array:
    """How many times the error of a certain landmark is to be expected at a confidence.

    e^(growth (1 - c)); measured on rendered scenes with a table, median and upper quartile grow
    from 11 and 17 mm at c = 0.99 over 36 and 86 mm at 0.75 to 140 and 200 mm at 0.4.
    """
    return np.exp(growth * (1 - np.clip(confidence, 0, 1)))


def without_bias(
    uv: Array, uv_first: Array, stature_px: float, trust: float
) -> tuple[Array, Array]:
    """Detections (T, K, 2) less their error in frame 0, where the truth (K, 2) is known.

    All of it near the place of frame 0, the share ``trust`` of it far from there. Also a standard
    deviation (T, K) in pixels for what may remain: a landmark that was grossly off is not moved,
    but doubted, above all while it stays where it was wrong.
    """
    bias = np.nan_to_num(uv[0] - uv_first)
    size = np.linalg.norm(bias, axis=-1)
    gross = size > _GROSS_STATURES * stature_px
    moved = np.nan_to_num(np.linalg.norm(uv - uv[:1], axis=-1))
    near = np.exp(-((moved / (_LOCAL_STATURES * stature_px)) ** 2))
    corrected = uv - (trust + (1 - trust) * near)[..., None] * np.where(gross[:, None], 0.0, bias)
    doubt = np.where(gross, trust + (1 - trust) * near, trust * (1 - near)) * size
    return corrected, doubt


def bone_directions(
    landmarks_cam: Array, p_cam_first: Array, bones: list[tuple[int, int]]
) -> Array:
    """Unit directions (T, B, 3) in the camera, bias removed; nan where unknown.

    The rotation that rights a bone in frame 0 is applied in full while the bone points about
    there and fades out as it turns away.
    """
    start, end = np.array(bones).T
    measured = _unit(landmarks_cam[:, end] - landmarks_cam[:, start])
    true_first = _unit(p_cam_first[end] - p_cam_first[start])
    result = measured.copy()
    for b in np.flatnonzero(np.isfinite(measured[0, :, 0])):
        righting = axis_angle_from_matrix(rotation_between(measured[0, b], true_first[b]))
        turned = np.arccos(np.clip(np.nan_to_num(measured[:, b] @ measured[0, b]), -1, 1))
        share = np.exp(-((turned / _LOCAL_RAD) ** 2))
        R = matrix_from_axis_angle(share[:, None] * righting)
        result[:, b] = (R @ measured[:, b, :, None])[..., 0]
    return result


def _unit(v: Array) -> Array:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
