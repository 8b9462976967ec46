"""Turns a clip's observation into tensors: the model that is posed and the targets."""

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.keypoints import KEYPOINT_NAMES, POSE_KEYPOINTS
from hoi_platform.core.errors import StageError
from hoi_platform.core.formats.tracks import OBJECT
from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.optimizer.clouds import depth_clouds, is_depth_of_body
from hoi_platform.core.optimizer.hoi_model import HoiModel, Kind
from hoi_platform.core.optimizer.holding import Holding, trusted_frames
from hoi_platform.core.optimizer.masks import mask_windows
from hoi_platform.core.optimizer.observation import HoiObservation
from hoi_platform.core.optimizer.obstacles import obstacle_of
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import (
    Cloud,
    ContactTargets,
    KeypointTargets,
    MaskTargets,
    Targets,
)
from hoi_platform.core.optimizer.variables import Variables
from hoi_platform.core.scene.parts import shape_of

_FIELD_RESOLUTION = 48
_PLAIN = 0.3
"""Confidence of a contact from which on it pulls in full: a hand in plain sight that touches."""
_HAND_LANDMARKS = np.array([name not in POSE_KEYPOINTS for name in KEYPOINT_NAMES])


def build_targets(
    observation: HoiObservation,
    model: HoiModel,
    held: Holding,
    kind: Kind,
    cloud_points: int,
    rng: np.random.Generator,
) -> Targets:
    """``cloud_points``: how many points of measured depth to keep per frame and surface."""
    track = observation.track
    first = Prediction(model, Variables.zeros(len(model), model.translation))
    center = model.object_center.double().cpu().numpy()
    T_first = observation.spec.T_world_object_array()
    surface = model.object_points.double().cpu().numpy() + center
    return Targets(
        fps=observation.human.motion.fps,
        keypoints=_keypoints(observation, model, kind),
        foot_contact=kind(observation.human.foot_contact),
        initial_joints=first.posed.joints,
        initial_translation=first.translation,
        object_confidence=kind(np.where(trusted_frames(observation), track.confidence, 0.0)),
        tracked_center=kind(transform_points(track.Ts_world_object, center[None])[:, 0]),
        R_tracked=kind(track.Ts_world_object[:, :3, :3]),
        first_object_points=kind(transform_points(T_first, surface)),
        contact=contact_targets(held, kind),
        obstacles=tuple(obstacle_of(shape_of(part), kind) for part in observation.spec.supports),
        object_distance=SignedDistanceGrid.of(observation.mesh, _FIELD_RESOLUTION),
        masks=_masks(observation, kind, rng),
        object_cloud=_object_cloud(observation, kind, cloud_points, rng),
        human_cloud=_human_cloud(observation, kind, cloud_points, rng),
    )


def contact_targets(held: Holding, kind: Kind) -> ContactTargets:
    """A hand is pulled by how sure its contact is; a plain one (``_PLAIN``) in full."""
    hands = held.hands
    touched = np.flatnonzero(hands.any(axis=1))
    start, end = (int(touched[0]), int(touched[-1]) + 1) if touched.size else (len(hands),) * 2
    weight = hands * (held.confidence / _PLAIN).clip(0, 1)
    return ContactTargets(kind.booleans(hands), kind(weight), start, end, held.rest)


def _keypoints(observation: HoiObservation, model: HoiModel, kind: Kind) -> KeypointTargets:
    human = observation.human
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
    return KeypointTargets(
        kind(np.where(seen[..., None], px, 0.0)),
        kind(np.where(seen, confidence, 0.0)),
        kind.booleans(_HAND_LANDMARKS),
    )


def _masks(observation: HoiObservation, kind: Kind, rng: np.random.Generator) -> MaskTargets | None:
    tracks = observation.tracks
    if observation.static_object or not tracks.object_masks.any():
        return None
    windows = mask_windows(tracks.object_masks, tracks.human_masks, rng)
    return MaskTargets(
        kind(windows.corner_px),
        kind(windows.distance_px),
        kind(windows.hidden),
        kind(windows.contour_px),
        kind(windows.contour_normal),
        kind(windows.contour_weight),
        kind(tracks.confidence[:, OBJECT]),
    )


def _object_cloud(
    observation: HoiObservation, kind: Kind, count: int, rng: np.random.Generator
) -> Cloud | None:
    if observation.static_object:
        return None
    return _cloud(observation, observation.tracks.object_masks, kind, count, rng)


def _human_cloud(
    observation: HoiObservation, kind: Kind, count: int, rng: np.random.Generator
) -> Cloud | None:
    o = observation
    if count == 0 or is_depth_of_body(
        o.tracks.depth, o.tracks.human_masks, o.body, o.human.motion, o.camera
    ):
        return None
    return _cloud(o, o.tracks.human_masks, kind, count, rng)


def _cloud(
    observation: HoiObservation,
    masks: NDArray[np.bool_],
    kind: Kind,
    count: int,
    rng: np.random.Generator,
) -> Cloud | None:
    if count == 0:
        return None
    points, real = depth_clouds(observation.tracks.depth, masks, observation.camera, count, rng)
    return Cloud(kind(points), kind.booleans(real)) if real.any() else None
