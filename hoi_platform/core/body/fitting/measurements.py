"""What a fit is drawn to: detections corrected by the known first frame, in solver form."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.fitting.anatomy import FINGERS
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.observation import KeypointObservation
from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.keypoints import KEYPOINT
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    rotation_between,
)

_LOCAL_RAD: Final = 0.35
"""Turn from frame 0 (rad) over which a bone's measured bias there is believed to persist;
chosen."""
_LOCAL_STATURES: Final = 0.08
"""The same for a landmark, as a distance in the image (statures); chosen."""
_OUTLIER_STATURES: Final = 0.08
"""Error in frame 0 (statures) beyond which a landmark is an outlier, not biased; chosen: about the
length of a hand."""

_LIMBS: Final = (
    ("shoulder", "elbow"),
    ("elbow", "wrist"),
    ("hip", "knee"),
    ("knee", "ankle"),
    ("hip", "shoulder"),
    ("heel", "foot_index"),
    ("ear", "eye"),
)
_ACROSS: Final = ("shoulder", "hip", "ear")


def _pairs(*names: tuple[str, str]) -> list[tuple[int, int]]:
    return [(KEYPOINT[a], KEYPOINT[b]) for a, b in names]


def _hand(side: str) -> list[tuple[str, str]]:
    wrist = f"{side}_hand_wrist"
    bones = [(wrist, f"{side}_hand_thumb_cmc")]
    for finger in ("thumb", *FINGERS):
        parts = ("cmc", "mcp", "ip", "tip") if finger == "thumb" else ("mcp", "pip", "dip", "tip")
        chain = [f"{side}_hand_{finger}_{part}" for part in parts]
        bones += list(pairwise(chain))
    return bones


def _palm(side: str) -> list[tuple[str, str]]:
    wrist, mcps = f"{side}_hand_wrist", [f"{side}_hand_{finger}_mcp" for finger in FINGERS]
    return [*((wrist, mcp) for mcp in mcps), (mcps[0], mcps[-1])]


BODY_BONES: Final = _pairs(
    *((f"{side}_{a}", f"{side}_{b}") for a, b in _LIMBS for side in SIDES),
    *((f"right_{part}", f"left_{part}") for part in _ACROSS),
)
"""Pairs of keypoints (start, end) on limbs, trunk and head."""

PALM_BONES: Final = {side: _pairs(*_palm(side)) for side in SIDES}
"""Pairs within the rigid palm: they turn with the wrist alone."""

FINGER_BONES: Final = {side: _pairs(*_hand(side)) for side in SIDES}
"""Pairs along the fingers."""

ALL_BONES: Final = [
    *BODY_BONES,
    *(bone for side in SIDES for bone in (*PALM_BONES[side], *FINGER_BONES[side])),
]


@dataclass(frozen=True)
class Measurements:
    """Corrected detections of T frames in camera coordinates and pixels; 0 where unknown.

    An *inflation* is a factor on a standard deviation.
    """

    uv: Float[Tensor, "T K 2"]
    known: Float[Tensor, "T K"]  # 1 where detected, else 0
    sigma_px: Float[Tensor, "T K"]
    certainty: Float[
        Tensor, "T K"
    ]  # in [0, 1]: σ² of a certain landmark of that kind over this one's
    bones: list[tuple[int, int]]
    directions: Float[Tensor, "T B 3"]  # unit vectors
    direction_known: Float[Tensor, "T B"]  # 1 where detected, else 0
    direction_inflation: Float[Tensor, "T B"]
    T_cam_world: Float[Tensor, "4 4"]
    focal_px: Float[Tensor, ""]
    center_px: Float[Tensor, "2"]


def measurements_of(
    observation: KeypointObservation,
    camera: Camera,
    p_world_first: Float[Array, "K 3"],
    spread_m: Float[Array, " K"],
    stature_m: float,
    config: FitConfig,
) -> Measurements:
    """Detections without their bias in frame 0, with standard deviations.

    ``p_world_first``: where the landmarks of frame 0 really are; ``spread_m``: standard
    deviation of a certain landmark's error.
    """
    p_cam = camera.to_cam(p_world_first)
    px_per_m = camera.focal_px / np.maximum(p_cam[:, 2], 0.1)
    inflation = inflation_of(observation.keypoints_px[..., 2], config.confidence_growth)
    uv, doubt_px = remove_bias(
        observation.keypoints_px[..., :2],
        camera.project(p_world_first),
        stature_m * float(px_per_m.mean()),
        config.first_frame_trust,
    )
    certain_px = np.hypot(spread_m * px_per_m, config.landmark_floor_px)
    sigma_px = np.hypot(certain_px * inflation, doubt_px)
    directions = bone_directions(observation.landmarks_cam, p_cam, ALL_BONES)
    of_worse_end = inflation[:, np.array(ALL_BONES)].max(axis=-1)
    tensor = torch.as_tensor
    return Measurements(
        uv=tensor(np.nan_to_num(uv)),
        known=tensor(np.isfinite(uv[..., 0]).astype(float)),
        sigma_px=tensor(sigma_px),
        certainty=tensor(np.square(certain_px / sigma_px)),
        bones=ALL_BONES,
        directions=tensor(np.nan_to_num(directions)),
        direction_known=tensor(np.isfinite(directions[..., 0]).astype(float)),
        direction_inflation=tensor(of_worse_end),
        T_cam_world=tensor(camera.T_cam_world),
        focal_px=tensor(camera.focal_px),
        center_px=tensor([camera.width_px / 2, camera.height_px / 2], dtype=torch.float64),
    )


def inflation_of(confidence: Float[Array, "*batch"], growth: float) -> Float[Array, "*batch"]:
    """How many times the error of a certain landmark is to be expected at a confidence.

    e^(growth (1 − c)); measured on rendered scenes with a table, median and upper quartile grow
    from 11 and 17 mm at c = 0.99 through 36 and 86 mm at 0.75 to 140 and 200 mm at 0.4.
    """
    return np.exp(growth * (1 - np.clip(confidence, 0, 1)))


def remove_bias(
    uv: Float[Array, "T K 2"], uv_first: Float[Array, "K 2"], stature_px: float, trust: float
) -> tuple[Float[Array, "T K 2"], Float[Array, "T K"]]:
    """Detections less their error in frame 0, where the truth is known.

    All of it is removed near the place of frame 0, the share ``trust`` of it far from there. Also
    returned is a standard deviation in pixels of the bias that may remain: an outlier of
    frame 0 is not moved but doubted, above all while it stays where it was wrong.
    """
    bias = np.nan_to_num(uv[0] - uv_first)
    size = np.linalg.norm(bias, axis=-1)
    outlier = size > _OUTLIER_STATURES * stature_px
    distance = np.nan_to_num(np.linalg.norm(uv - uv[:1], axis=-1))
    near = np.exp(-((distance / (_LOCAL_STATURES * stature_px)) ** 2))
    share = trust + (1 - trust) * near
    corrected = uv - share[..., None] * np.where(outlier[:, None], 0.0, bias)
    doubt = np.where(outlier, share, trust * (1 - near)) * size
    return corrected, doubt


def bone_directions(
    landmarks_cam: Float[Array, "T K 3"],
    p_cam_first: Float[Array, "K 3"],
    bones: list[tuple[int, int]],
) -> Float[Array, "T B 3"]:
    """Unit directions in the camera, bias removed; nan where unknown.

    The landmarks of frame 0 are really at ``p_cam_first``. The rotation that
    corrects a bone in frame 0 is applied in full while the bone points about there and fades out
    as it turns away.
    """
    start, end = np.array(bones).T
    measured = _unit(landmarks_cam[:, end] - landmarks_cam[:, start])
    true_first = _unit(p_cam_first[end] - p_cam_first[start])
    result = measured.copy()
    for b in np.flatnonzero(np.isfinite(measured[0, :, 0])):
        correction = axis_angle_from_matrix(rotation_between(measured[0, b], true_first[b]))
        turned = np.arccos(np.clip(np.nan_to_num(measured[:, b] @ measured[0, b]), -1, 1))
        share = np.exp(-((turned / _LOCAL_RAD) ** 2))
        R = matrix_from_axis_angle(share[:, None] * correction)
        result[:, b] = (R @ measured[:, b, :, None])[..., 0]
    return result


def _unit(v: Array) -> Array:
    return v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9)
