"""The person's motion as read from a video: what ``human_pose`` hands to later stages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.keypoints import KEYPOINT_NAMES, KeypointRegressor
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import NUM_JOINTS, PARENTS
from hoi_platform.core.formats.array_schema import ArraySpec, read_arrays, save_arrays

_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = (
    ArraySpec("fps", ()),
    ArraySpec("motion_global_rotations", ("T", NUM_JOINTS, 3, 3), finite=True),
    ArraySpec("motion_global_translation", ("T", 3), finite=True),
    ArraySpec("motion_incam_rotations", ("T", NUM_JOINTS, 3, 3), finite=True),
    ArraySpec("motion_incam_translation", ("T", 3), finite=True),
    ArraySpec("keypoints", ("T", "K", 3)),
    ArraySpec("keypoint_names", ("K",), "text"),
    ArraySpec("foot_contact", ("T", 2)),
    ArraySpec("joint_confidence", ("T", NUM_JOINTS)),
)

_GROSS_SIGMAS: Final = 4.0
"""Distance (standard deviations) from its detection at which a landmark counts by half; chosen."""


@dataclass(frozen=True)
class HumanPoseEstimate:
    """Body, hands and global motion of one person over T frames."""

    motion: BodyMotion
    """In the world (the reference's ``motion_global``)."""
    keypoints_px: Array
    """(T, K, 3): u, v less the detector's bias where frame 0 shows it, and certainty in [0, 1]:
    the variance of a certain landmark of its kind over this one's; nan, nan, 0 where nothing was
    detected."""
    foot_contact: Array
    """(T, 2) probability that the left and the right foot is planted."""
    joint_confidence: Array
    """(T, 55) in [0, 1]: how well the video supports each joint."""
    keypoint_names: tuple[str, ...] = KEYPOINT_NAMES

    def __post_init__(self) -> None:
        T, K = len(self.motion), len(self.keypoint_names)
        expected = {
            "keypoints_px": (self.keypoints_px.shape, (T, K, 3)),
            "foot_contact": (self.foot_contact.shape, (T, 2)),
            "joint_confidence": (self.joint_confidence.shape, (T, NUM_JOINTS)),
        }
        for name, (found, wanted) in expected.items():
            if found != wanted:
                raise ValueError(f"{name} is {found}, not {wanted}")

    def motion_incam(self, T_cam_world: Float[Array, "4 4"]) -> BodyMotion:
        """The motion in camera coordinates (the reference's ``motion_incam``)."""
        return self.motion.transformed(T_cam_world)


def save_estimate(
    estimate: HumanPoseEstimate, T_cam_world: Float[Array, "4 4"], path: Path
) -> None:
    """Write the estimate as a compressed npz (no pickle) with the reference's fields."""
    incam = estimate.motion_incam(T_cam_world)
    save_arrays(
        path,
        schema_version=_SCHEMA_VERSION,
        fps=estimate.motion.fps,
        motion_global_rotations=estimate.motion.rotations,
        motion_global_translation=estimate.motion.translation,
        motion_incam_rotations=incam.rotations,
        motion_incam_translation=incam.translation,
        keypoints=estimate.keypoints_px,
        keypoint_names=np.array(estimate.keypoint_names),
        foot_contact=estimate.foot_contact,
        joint_confidence=estimate.joint_confidence,
    )


def load_estimate(path: Path) -> HumanPoseEstimate:
    """Read what ``save_estimate`` wrote; raises BadInputError when a field is missing or odd."""
    data = read_arrays(path, "human pose estimate", _SCHEMA_VERSION, _SCHEMA, "human_pose")
    motion = BodyMotion(
        data["motion_global_rotations"], data["motion_global_translation"], float(data["fps"])
    )
    return HumanPoseEstimate(
        motion,
        data["keypoints"],
        data["foot_contact"],
        data["joint_confidence"],
        tuple(str(name) for name in data["keypoint_names"]),
    )


def joint_confidence(
    regressor: KeypointRegressor,
    uv: Float[Array, "T K 2"],
    detected: Float[Array, "T K 3"],
    sigma_px: Float[Array, "T K"],
) -> Float[Array, "T 55"]:
    """In [0, 1], from fitted and detected landmarks and their σ.

    A landmark supports the joint that carries it by its confidence, less so the farther the fit
    is from it; a joint without landmarks has the mean of its neighbors in the tree.
    """
    error = np.linalg.norm(uv - detected[..., :2], axis=-1) / sigma_px
    agreement = 1 / (1 + (np.nan_to_num(error, nan=np.inf) / _GROSS_SIGMAS) ** 2)
    support = np.where(np.isfinite(error), detected[..., 2] * agreement, 0.0)
    weight = regressor.points.weights  # (K, 55)
    total = weight.sum(axis=0)
    confidence = (support @ weight) / np.maximum(total, 1e-9)
    for joint in np.flatnonzero(total < 1e-6):
        near = [j for j in range(NUM_JOINTS) if PARENTS[j] == joint or PARENTS[joint] == j]
        confidence[:, joint] = confidence[:, [j for j in near if total[j] >= 1e-6] or [0]].mean(1)
    return np.clip(confidence, 0.0, 1.0)
