"""The accuracy of one reconstructed clip against its ground truth."""

from dataclasses import asdict, dataclass
from math import isfinite, nan
from typing import Any

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.ground_truth import GroundTruth
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.object_surface import ObjectSurface
from hoi_platform.core.geometry.symmetry import symmetry_axes
from hoi_platform.core.metrics import contact, joints, motion, object_pose


@dataclass(frozen=True)
class ClipAccuracy:
    """Each figure's protocol is stated at the function that computes it; nan: nothing to score."""

    frames: int
    mpjpe_mm: float
    root_aligned_mpjpe_mm: float
    pa_mpjpe_mm: float
    hand_joint_mm: float
    wrist_relative_hand_joint_mm: float
    object_translation_mm: float
    """Median over frames."""
    object_translation_mean_mm: float
    object_translation_moved_mm: float
    """Median over the frames in which the object is not where it first lay."""
    object_rotation_deg: float
    """Median over frames."""
    object_rotation_mean_deg: float
    object_rotation_moved_deg: float
    """As ``object_translation_moved_mm``."""
    add_mm: float
    add_s_mm: float
    add_auc: float
    add_s_auc: float
    contact_precision: float
    """Geometric contact of the reconstruction against geometric contact of the truth."""
    contact_recall: float
    contact_f1: float
    contact_label_f1: float
    """Contact labels against the frames in which the truth holds the object."""
    foot_slide_mm_s: float
    jitter_m_s3: float
    penetration_pct: float
    contact_distance_m: float
    human_smoothness_m: float
    object_smoothness_m: float

    def to_json(self) -> dict[str, Any]:
        """Plain values; what could not be scored becomes None."""
        return {key: value if isfinite(value) else None for key, value in asdict(self).items()}


def evaluate_clip(
    predicted: HoiData,
    truth: GroundTruth,
    body: BodyModel,
    mesh: TriangleMesh,
    predicted_body: BodyModel | None = None,
) -> ClipAccuracy:
    """Compare a result (raw or packaged, whole or cut) with the truth of its clip.

    ``mesh`` is the object in meters, in its own frame; ``predicted_body`` is the body that the
    result assumes, by default the true one. Raises BadInputError when the result is longer than
    the truth.
    """
    predicted, frames = predicted.unpackaged(), len(predicted)
    if frames > len(truth.motion):
        raise BadInputError(
            f"the reconstruction has {frames} frames, the ground truth {len(truth.motion)}: "
            "they belong to different videos"
        )
    true_motion, true_poses = truth.motion[:frames], truth.Ts_world_object[:frames]
    surface = ObjectSurface.of(mesh, np.random.default_rng(0))
    true_joints = true_motion.joints(body)
    return ClipAccuracy(
        frames=frames,
        **_joint_errors(predicted.joints, true_joints),
        **_object_errors(predicted.Ts_world_object, true_poses, surface),
        **_contact_figures(
            predicted, predicted_body or body, true_motion, true_poses, body, surface
        ),
        contact_label_f1=contact.contact_scores(predicted.contact.hands, truth.contact[:frames]).f1,
        **_motion_figures(predicted, true_joints, surface),
    )


def _joint_errors(
    predicted: Float[Array, "T joints 3"], truth: Float[Array, "T joints 3"]
) -> dict[str, float]:
    body = joints.body_joints(predicted), joints.body_joints(truth)
    return {
        "mpjpe_mm": joints.mpjpe_mm(*body),
        "root_aligned_mpjpe_mm": joints.root_aligned_mpjpe_mm(*body),
        "pa_mpjpe_mm": joints.pa_mpjpe_mm(*body),
        "hand_joint_mm": joints.hand_joint_mm(predicted, truth),
        "wrist_relative_hand_joint_mm": joints.wrist_relative_hand_joint_mm(predicted, truth),
    }


def _object_errors(
    predicted: Float[Array, "T 4 4"], truth: Float[Array, "T 4 4"], surface: ObjectSurface
) -> dict[str, float]:
    mesh, points = surface.mesh, surface.points
    translation = object_pose.object_translation_mm(predicted, truth, mesh.surface_centroid)
    rotation = object_pose.object_rotation_deg(predicted, truth, symmetry_axes(mesh))
    moved = object_pose.moved(truth)
    add = object_pose.add_mm(predicted, truth, points[:1000])
    add_s = object_pose.add_s_mm(predicted, truth, points)
    return {
        "object_translation_mm": float(np.median(translation)),
        "object_translation_mean_mm": float(translation.mean()),
        "object_translation_moved_mm": _median(translation[moved]),
        "object_rotation_deg": float(np.median(rotation)),
        "object_rotation_mean_deg": float(rotation.mean()),
        "object_rotation_moved_deg": _median(rotation[moved]),
        "add_mm": float(add.mean()),
        "add_s_mm": float(add_s.mean()),
        "add_auc": object_pose.auc(add),
        "add_s_auc": object_pose.auc(add_s),
    }


def _median(values: Float[Array, " n"]) -> float:
    return float(np.median(values)) if values.size else nan


def _contact_figures(
    predicted: HoiData,
    predicted_body: BodyModel,
    true_motion: BodyMotion,
    true_poses: Float[Array, "T 4 4"],
    body: BodyModel,
    surface: ObjectSurface,
) -> dict[str, float]:
    vertices, poses = predicted.motion.vertices(predicted_body), predicted.Ts_world_object
    true_vertices = true_motion.vertices(body)
    found = contact.hands_in_contact(body, vertices, surface, poses)
    real = contact.hands_in_contact(body, true_vertices, surface, true_poses)
    scores = contact.contact_scores(found, real)
    return {
        "contact_precision": scores.precision,
        "contact_recall": scores.recall,
        "contact_f1": scores.f1,
        "contact_distance_m": contact.contact_distance_m(body, vertices, surface, poses, real),
        "penetration_pct": contact.penetration_pct(vertices, surface, poses),
    }


def _motion_figures(
    predicted: HoiData, true_joints: Float[Array, "T joints 3"], surface: ObjectSurface
) -> dict[str, float]:
    fps = predicted.motion.fps
    body = joints.body_joints(predicted.joints)
    in_stance = motion.stance(true_joints, fps)
    return {
        "foot_slide_mm_s": motion.foot_slide_mm_s(predicted.joints, fps, in_stance),
        "jitter_m_s3": motion.jitter_m_s3(body, fps),
        "human_smoothness_m": motion.human_smoothness_m(body),
        "object_smoothness_m": motion.object_smoothness_m(
            predicted.Ts_world_object, surface.points[:1000]
        ),
    }
