"""A clip with exact measurements of a known motion: for benchmarks and planted-truth tests.

A person in a T-pose with lowered arms reaches for an L-shaped block on a table, and lifts it.
"""

from typing import Final, NamedTuple

import numpy as np
import torch

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.keypoints import keypoint_regressor
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT, NUM_JOINTS
from hoi_platform.core.formats.contact_record import hand_vertices
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid, transform_points
from hoi_platform.core.optimizer.interface import OptimizerInput
from hoi_platform.core.scene.contacts import ContactLabels
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.performance.posture import R_PERSON_REST
from hoi_platform.core.scene.spec import CameraSpec, LightSpec, RoomSpec, SceneSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack

_WRIST: Final = JOINT["right_wrist"]


class SyntheticClip(NamedTuple):
    """All measurements exact, the first guess equal to the truth."""

    inputs: OptimizerInput
    motion: BodyMotion
    Ts_world_object: Array  # (T, 4, 4)


def synthetic_clip(
    body: BodyModel, frames: int, fps: float, contact_start: int, width_px: int
) -> SyntheticClip:
    """The right hand touches the block from frame ``contact_start`` on; images are 16:9."""
    mesh, motion = l_block(), _motion(body, frames, fps, contact_start)
    Ts = _object_path(body, motion, mesh, contact_start)
    spec = _spec(body, Ts[0], mesh, width_px)
    camera = spec.camera.camera()
    hands = np.zeros((frames, 2), dtype=bool)
    hands[contact_start:, 1] = True
    labels = [["right_wrist"] for _ in range(contact_start, frames, 8)]
    inputs = OptimizerInput(
        body=body,
        human=_estimate(body, motion, camera),
        track=ObjectPoseTrack(Ts, np.ones(frames), np.zeros(frames, dtype=bool)),
        tracks=_tracks(body, motion, mesh, Ts, camera),
        camera=camera,
        mesh=mesh,
        contacts=ContactLabels(labels, 8, contact_start, hands, hands.astype(float)),
        spec=spec,
    )
    return SyntheticClip(inputs, motion, Ts)


def l_block() -> TriangleMesh:
    """Two boxes that overlap, 16 cm long: closed, without symmetry."""
    flat = _box(np.array([0.16, 0.07, 0.06]), np.zeros(3))
    upright = _box(np.array([0.05, 0.06, 0.14]), np.array([0.05, 0.0, 0.06]))
    return TriangleMesh(
        np.concatenate([flat.vertices, upright.vertices]),
        np.concatenate([flat.faces, upright.faces + len(flat.vertices)]),
    )


def _box(size: Array, center: Array) -> TriangleMesh:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))]
    return TriangleMesh(corners * size + center, np.array(faces))


def _motion(body: BodyModel, frames: int, fps: float, contact_start: int) -> BodyMotion:
    """The right arm reaches until ``contact_start``, then lifts; the trunk bends and turns."""
    reach = _ease(np.arange(frames) / max(contact_start, 1))
    lift = _ease((np.arange(frames) - contact_start) / max(frames - 1 - contact_start, 1))
    angles = np.zeros((frames, NUM_JOINTS, 3))
    angles[:, JOINT["right_shoulder"], 1] = 0.9 * reach
    angles[:, JOINT["right_shoulder"], 2] = 0.8 - 0.2 * reach - 0.6 * lift
    angles[:, JOINT["right_elbow"], 1] = 0.3 * reach + 0.5 * lift
    angles[:, JOINT["left_shoulder"], 2] = -1.2
    angles[:, JOINT["spine2"], 0] = 0.2 * reach - 0.1 * lift
    angles[:, JOINT["spine2"], 1] = 0.3 * lift
    rotations = matrix_from_axis_angle(angles)
    rotations[:, 0] = R_PERSON_REST @ rotations[:, 0]
    pelvis = [0.0, 0.0, -float(body.rest_vertices[:, 1].min())]
    return BodyMotion(rotations, np.tile(pelvis, (frames, 1)), fps)


def _ease(x: Array) -> Array:
    """0 → 1, smooth at both ends."""
    x = x.clip(0, 1)
    return x * x * (3 - 2 * x)


def _object_path(
    body: BodyModel, motion: BodyMotion, mesh: TriangleMesh, contact_start: int
) -> Array:
    """At rest until the contact, then carried rigidly below the palm of the right hand."""
    posed = body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    Ts_world_wrist = rigid(posed.R_world_joint[:, _WRIST].numpy(), posed.joints[:, _WRIST].numpy())
    hand = body.rest_vertices[hand_vertices(body)[1]] - body.rest_joints[_WRIST]
    below = hand[:, 1].min() - mesh.bounds[1, 1]
    T_wrist_object = rigid(np.eye(3), np.array([hand[:, 0].mean(), below, hand[:, 2].mean()]))
    Ts: Array = Ts_world_wrist @ T_wrist_object
    Ts[:contact_start] = Ts[contact_start]
    return Ts


def _spec(body: BodyModel, T_world_object: Array, mesh: TriangleMesh, width_px: int) -> SceneSpec:
    lowest = float(transform_points(T_world_object, mesh.vertices)[:, 2].min())
    x, y = T_world_object[:2, 3].tolist()
    height = body.height_m
    eye, target = np.array([1.0, 2.1, 1.05]) * height, np.array([0.05, 0.12, 0.6]) * height
    camera = look_at(width_px, width_px * 9 // 16, 1.15 * width_px, eye, target)
    return SceneSpec(
        clip_id="Test/block/person_room_rand00001",
        scene="room",
        character=body.name,
        seed=1,
        camera=CameraSpec.of(camera),
        room=RoomSpec(),
        supports=[
            BoxSpec(pos=(x, y + 0.2, lowest - 0.02), size=(0.6, 0.6, 0.04), name="table", legs=True)
        ],
        lights=[LightSpec(pos=(0, 0, 2.5), target=(0, 0, 1), size_m=1, power_w=100)],
        object_scale=(1, 1, 1),
        T_world_object=T_world_object.tolist(),
        T_world_person=np.eye(4).tolist(),
    )


def _estimate(body: BodyModel, motion: BodyMotion, camera: Camera) -> HumanPoseEstimate:
    posed = body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    uv = camera.project(keypoint_regressor(body).positions(posed).numpy())
    keypoints = np.concatenate([uv, np.ones((*uv.shape[:2], 1))], axis=-1)
    frames = len(motion)
    return HumanPoseEstimate(motion, keypoints, np.ones((frames, 2)), np.ones((frames, NUM_JOINTS)))


def _tracks(
    body: BodyModel, motion: BodyMotion, mesh: TriangleMesh, Ts: Array, camera: Camera
) -> SceneTracks:
    object_masks, human_masks, depths = [], [], []
    for vertices, T in zip(motion.vertices(body), Ts, strict=True):
        person = rasterize(camera, vertices, body.faces)
        rendered = rasterize(camera, transform_points(T, mesh.vertices), mesh.faces)
        z_person = np.where(person.silhouette, person.depth, np.inf)
        z_object = np.where(rendered.silhouette, rendered.depth, np.inf)
        object_masks.append(rendered.silhouette & (z_object < z_person))
        human_masks.append(person.silhouette & (z_person <= z_object))
        nearest = np.minimum(z_person, z_object)
        depths.append(np.where(np.isfinite(nearest), nearest, np.nan).astype(np.float32))
    confidence = np.ones((len(motion), 2))
    return SceneTracks(np.stack(object_masks), np.stack(human_masks), np.stack(depths), confidence)
