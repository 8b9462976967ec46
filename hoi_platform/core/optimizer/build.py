"""Turns a clip's estimates into tensors: what terms compare a prediction with."""

from typing import Final

import numpy as np
from jaxtyping import Bool

from hoi_platform.core.arrays import Mask
from hoi_platform.core.body.keypoints import KEYPOINT_NAMES, POSE_KEYPOINTS
from hoi_platform.core.errors import StageError
from hoi_platform.core.formats.tracks import OBJECT
from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.optimizer.clouds import depth_clouds, is_depth_of_body
from hoi_platform.core.optimizer.hoi_model import HoiModel, TensorSpec
from hoi_platform.core.optimizer.holding import Holding, trusted_frames
from hoi_platform.core.optimizer.interface import OptimizerInput
from hoi_platform.core.optimizer.masks import mask_windows
from hoi_platform.core.optimizer.observations import (
    Cloud,
    Observations,
    ObservedContacts,
    ObservedKeypoints,
    ObservedMasks,
)
from hoi_platform.core.optimizer.obstacles import obstacle_of
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.variables import Variables
from hoi_platform.core.scene.parts import shape_of

_FIELD_RESOLUTION: Final = 48
"""Number of cells along the object's longest side; chosen: 3 mm for a hand-sized object."""
_PLAIN: Final = 0.3
"""Fraction; chosen: from this confidence on a contact pulls in full, a hand in plain sight that
touches."""
_HAND_LANDMARKS: Final = np.array([name not in POSE_KEYPOINTS for name in KEYPOINT_NAMES])


def build_observations(
    inputs: OptimizerInput,
    model: HoiModel,
    held: Holding,
    as_tensor: TensorSpec,
    cloud_points: int,
    rng: np.random.Generator,
) -> Observations:
    """``cloud_points``: number of points of measured depth per frame and surface; 0 for none."""
    track = inputs.track
    first = Prediction(model, Variables.zeros(len(model), model.translation))
    center = model.object_center.double().cpu().numpy()
    T_first = inputs.spec.T_world_object_array()
    surface = model.object_points.double().cpu().numpy() + center
    return Observations(
        fps=inputs.human.motion.fps,
        keypoints=_keypoints(inputs, model, as_tensor),
        foot_contact=as_tensor(inputs.human.foot_contact),
        initial_joints=first.posed.joints,
        initial_translation=first.translation,
        object_confidence=as_tensor(np.where(trusted_frames(inputs), track.confidence, 0.0)),
        tracked_center=as_tensor(transform_points(track.Ts_world_object, center[None])[:, 0]),
        R_tracked=as_tensor(track.Ts_world_object[:, :3, :3]),
        first_object_points=as_tensor(transform_points(T_first, surface)),
        contacts=observed_contacts(held, as_tensor),
        obstacles=tuple(obstacle_of(shape_of(part), as_tensor) for part in inputs.spec.supports),
        object_distance=SignedDistanceGrid.of(inputs.mesh, _FIELD_RESOLUTION),
        static_object=inputs.static_object,
        masks=_masks(inputs, as_tensor, rng),
        object_cloud=_object_cloud(inputs, as_tensor, cloud_points, rng),
        human_cloud=_human_cloud(inputs, as_tensor, cloud_points, rng),
    )


def observed_contacts(held: Holding, as_tensor: TensorSpec) -> ObservedContacts:
    """A hand is pulled by how sure its contact is; a plain one (``_PLAIN``) in full."""
    hands = held.hands
    touched = np.flatnonzero(hands.any(axis=1))
    start, end = (int(touched[0]), int(touched[-1]) + 1) if touched.size else (len(hands),) * 2
    weight = hands * (held.confidence / _PLAIN).clip(0, 1)
    return ObservedContacts(as_tensor.booleans(hands), as_tensor(weight), start, end, held.rest)


def _keypoints(inputs: OptimizerInput, model: HoiModel, as_tensor: TensorSpec) -> ObservedKeypoints:
    human = inputs.human
    if human.keypoint_names != KEYPOINT_NAMES:
        raise StageError(
            f"the human pose has {len(human.keypoint_names)} landmarks that are not the "
            f"{len(KEYPOINT_NAMES)} of core.body.keypoints; make human_pose again"
        )
    px = human.keypoints_px[..., :2]
    # A detector is sure of what it cannot see; the fit's confidence knows better.
    supported = human.joint_confidence[:, model.keypoints.vertex_joint]
    confidence = human.keypoints_px[..., 2] * supported
    seen = np.isfinite(px).all(axis=-1) & np.isfinite(confidence)
    return ObservedKeypoints(
        as_tensor(np.where(seen[..., None], px, 0.0)),
        as_tensor(np.where(seen, confidence, 0.0)),
        as_tensor.booleans(_HAND_LANDMARKS),
    )


def _masks(
    inputs: OptimizerInput, as_tensor: TensorSpec, rng: np.random.Generator
) -> ObservedMasks | None:
    tracks = inputs.tracks
    if inputs.static_object or not tracks.object_masks.any():
        return None
    windows = mask_windows(tracks.object_masks, tracks.human_masks, rng)
    return ObservedMasks(
        as_tensor(windows.corner_px),
        as_tensor(windows.distance_px),
        as_tensor(windows.hidden),
        as_tensor(windows.contour_px),
        as_tensor(windows.contour_normal),
        as_tensor(windows.contour_weight),
        as_tensor(tracks.confidence[:, OBJECT]),
    )


def _object_cloud(
    inputs: OptimizerInput, as_tensor: TensorSpec, count: int, rng: np.random.Generator
) -> Cloud | None:
    if inputs.static_object:
        return None
    return _cloud(inputs, inputs.tracks.object_masks, as_tensor, count, rng)


def _human_cloud(
    inputs: OptimizerInput, as_tensor: TensorSpec, count: int, rng: np.random.Generator
) -> Cloud | None:
    o = inputs
    if count == 0 or is_depth_of_body(
        o.tracks.depth, o.tracks.human_masks, o.body, o.human.motion, o.camera
    ):
        return None
    return _cloud(o, o.tracks.human_masks, as_tensor, count, rng)


def _cloud(
    inputs: OptimizerInput,
    masks: Bool[Mask, "T H W"],
    as_tensor: TensorSpec,
    count: int,
    rng: np.random.Generator,
) -> Cloud | None:
    if count == 0:
        return None
    points, real = depth_clouds(inputs.tracks.depth, masks, inputs.camera, count, rng)
    return Cloud(as_tensor(points), as_tensor.booleans(real)) if real.any() else None
