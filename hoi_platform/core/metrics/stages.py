"""The errors of each stage of the 4D reconstruction, so that each shows what it adds."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.formats.ground_truth import GroundTruth
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.symmetry import symmetry_axes
from hoi_platform.core.metrics import joints, object_pose
from hoi_platform.core.metrics.clip import evaluate_clip
from hoi_platform.core.metrics.contact import contact_scores
from hoi_platform.core.scene.actors import actor_masks, static_depth
from hoi_platform.core.scene.contacts import ContactLabels
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack

Figures = dict[str, float | None]
_DEPTH_EVERY: Final = 6
"""Frames between those whose depth is compared; chosen: casting the true one takes 0.1 s each."""


@dataclass(frozen=True)
class StageResults:
    """Results of the stages of one clip."""

    body: BodyModel
    """The body that they assumed; it need not be the true one."""
    human: HumanPoseEstimate
    tracks: SceneTracks
    track: ObjectPoseTrack
    contacts: ContactLabels
    result: HoiData


@dataclass(frozen=True)
class TrueClip:
    """The ground truth of one clip, with the true body, scene and object (in meters)."""

    truth: GroundTruth
    body: BodyModel
    spec: SceneSpec
    mesh: TriangleMesh


def stage_errors(found: StageResults, true: TrueClip) -> dict[str, Figures]:
    """Stage → figure → value; None where there is nothing to score."""
    return {
        "human_pose": _human_errors(found, true),
        "scene_tracks": _mask_errors(found.tracks, true.truth)
        | {"object_depth_mm": _depth_error_mm(found.tracks, true)},
        "object_pose": _track_errors(found.track, true),
        "contact_labels": {"label_f1": contact_scores(found.contacts.hands, true.truth.contact).f1},
        "reconstruction": _result_errors(found, true),
    }


def _human_errors(found: StageResults, true: TrueClip) -> Figures:
    predicted = found.human.motion.joints(found.body)
    truth = true.truth.motion.joints(true.body)
    body = joints.body_joints(predicted), joints.body_joints(truth)
    return {
        "mpjpe_mm": joints.mpjpe_mm(*body),
        "pa_mpjpe_mm": joints.pa_mpjpe_mm(*body),
        "hand_joint_mm": joints.hand_joint_mm(predicted, truth),
    }


def _mask_errors(tracks: SceneTracks, truth: GroundTruth) -> Figures:
    moved = object_pose.moved(truth.Ts_world_object)
    overlap = mask_iou(tracks.object_masks, truth.object_masks)
    return {
        "object_iou": _median(overlap),
        "object_moved_iou": _median(overlap[moved]),
        "human_iou": _median(mask_iou(tracks.human_masks, truth.human_masks)),
    }


def mask_iou(found: Bool[Mask, "T H W"], true: Bool[Mask, "T H W"]) -> Float[Array, " T"]:
    """Intersection over union; 1 where both are empty."""
    both = (found & true).sum(axis=(1, 2))
    either = (found | true).sum(axis=(1, 2))
    return np.where(either == 0, 1.0, both / np.maximum(either, 1))


def _depth_error_mm(tracks: SceneTracks, true: TrueClip) -> float | None:
    """Median |z - true z| over the object's true pixels whose depth is known."""
    camera, static = true.spec.camera.camera(), static_depth(true.spec)
    vertices = true.truth.motion.vertices(true.body)
    errors: list[Array] = []
    for t in range(0, len(tracks), _DEPTH_EVERY):
        person = TriangleMesh(vertices[t], true.body.faces)
        moved = true.mesh.transformed(true.truth.Ts_world_object[t])
        seen = actor_masks(camera, person, moved, static)
        difference = np.abs(tracks.depth[t] - seen.depth)[seen.object_mask]
        errors.append(1000 * difference[np.isfinite(difference)])
    return _median(np.concatenate(errors))


def _track_errors(track: ObjectPoseTrack, true: TrueClip) -> Figures:
    return _pose_errors(track.Ts_world_object, true) | {"lost_pct": 100 * float(track.lost.mean())}


def _pose_errors(predicted: Float[Array, "T 4 4"], true: TrueClip) -> Figures:
    truth = true.truth.Ts_world_object
    moved = object_pose.moved(truth)
    offset = object_pose.object_translation_mm(predicted, truth, true.mesh.surface_centroid)
    turn = object_pose.object_rotation_deg(predicted, truth, symmetry_axes(true.mesh))
    return {
        "object_translation_moved_mm": _median(offset[moved]),
        "object_rotation_moved_deg": _median(turn[moved]),
    }


def _result_errors(found: StageResults, true: TrueClip) -> Figures:
    accuracy = evaluate_clip(
        found.result, true.truth, true.body, true.mesh, predicted_body=found.body
    )
    return accuracy.to_json()


def _median(values: Float[Array, " n"]) -> float | None:
    return float(np.median(values)) if len(values) else None
