"""A clip whose truth is known: a stick figure takes an L-shaped block off a table."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from hoi_platform.core.scene.contacts import ContactLabels

from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate
from hoi_platform.core.body.keypoints import keypoint_regressor
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT, NUM_JOINTS
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.rotations import Array, matrix_from_axis_angle, rotation_angle
from hoi_platform.core.geometry.transforms import inverse, rigid, transform_points
from hoi_platform.core.optimizer.observation import HoiObservation
from hoi_platform.core.scene.spec import BoxSpec, CameraSpec, LightSpec, RoomSpec, SceneSpec
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform_tests.hoi_samples import box_mesh, standing, stick_body

FPS = 24.0


@dataclass(frozen=True)
class Planted:
    """An observation of a clip (perfect or spoiled) and the clip's truth."""

    observation: HoiObservation
    motion: BodyMotion
    Ts_world_object: Array

    def joint_error_mm(self, motion: BodyMotion) -> float:
        """Mean distance of joints from the truth."""
        body = self.observation.body
        gap = motion.joints(body) - self.motion.joints(body)
        return 1000 * float(np.linalg.norm(gap, axis=-1).mean())

    def object_error_mm(self, Ts: Array) -> float:
        """Mean distance of the object's center from the truth."""
        center = self.observation.mesh.surface_centroid[None]
        gap = transform_points(Ts, center) - transform_points(self.Ts_world_object, center)
        return 1000 * float(np.linalg.norm(gap, axis=-1).mean())

    def rotation_error_deg(self, Ts: Array) -> float:
        angle = rotation_angle(Ts[:, :3, :3], self.Ts_world_object[:, :3, :3])
        return float(np.degrees(angle).mean())


def planted(frames: int = 20, contact_start: int = 6, width_px: int = 320) -> Planted:
    """All measurements exact; the first guess is the truth."""
    body, mesh = stick_body(), _block()
    motion = _motion(frames, contact_start)
    Ts, spec = _object_path(body, motion, mesh, contact_start), None
    spec = _spec(Ts[0], mesh, width_px)
    camera = spec.camera.camera()
    hands = np.zeros((frames, 2), dtype=bool)
    hands[contact_start:, 1] = True
    labels = [["right_hand"] for _ in range(contact_start, frames, 8)]
    observation = HoiObservation(
        body=body,
        human=_estimate(body, motion, camera),
        track=ObjectPoseTrack(Ts, np.ones(frames), np.zeros(frames, dtype=bool)),
        tracks=_tracks(body, motion, mesh, Ts, camera),
        camera=camera,
        mesh=mesh,
        contacts=ContactLabels(labels, 8, contact_start, hands),
        spec=spec,
    )
    return Planted(observation, motion, Ts)


def spoiled(clip: Planted, rng: np.random.Generator) -> Planted:
    """The first guess drifts, jitters and has the moving object 40 mm too far away."""
    observation = clip.observation
    T = len(observation)
    ramp = np.linspace(0, 1, T)[:, None]
    angles = ramp[:, None] * rng.normal(0, 0.05, (1, NUM_JOINTS, 3))
    angles = angles + np.minimum(1, 10 * ramp)[:, None] * rng.normal(0, 0.01, (T, NUM_JOINTS, 3))
    angles[:, 22:] = 0
    motion = BodyMotion(
        clip.motion.rotations @ matrix_from_axis_angle(angles),
        clip.motion.translation + ramp * [0.03, 0.04, 0.0] + rng.normal(0, 0.003, (T, 3)),
        FPS,
    )
    moving = observation.contacts.hands[:, 1]
    away = moving[:, None] * 0.04 * observation.camera.T_world_cam[:3, 2]
    turn = matrix_from_axis_angle(moving[:, None] * rng.normal(0, 0.04, (T, 3)))
    Ts = clip.Ts_world_object.copy()
    Ts[:, :3, :3] = Ts[:, :3, :3] @ turn
    Ts[:, :3, 3] += away + moving[:, None] * rng.normal(0, 0.003, (T, 3))
    track = replace(observation.track, Ts_world_object=Ts)
    human = replace(observation.human, motion=motion)
    return replace(clip, observation=replace(observation, track=track, human=human))


def _block() -> TriangleMesh:
    """Two boxes that overlap: no symmetry."""
    vertices, faces = box_mesh((0.16, 0.07, 0.06))
    more, _ = box_mesh((0.05, 0.06, 0.14))
    both = np.concatenate([vertices, more + np.array([0.05, 0.0, 0.06])])
    return TriangleMesh(both, np.concatenate([faces, faces + 8]))


def _motion(frames: int, contact_start: int) -> BodyMotion:
    """The right arm reaches until ``contact_start``, then lifts; the trunk bends and turns."""
    base = standing(frames, FPS)
    reach = _ease(np.arange(frames) / max(contact_start, 1))
    lift = _ease((np.arange(frames) - contact_start) / max(frames - 1 - contact_start, 1))
    angles = np.zeros((frames, NUM_JOINTS, 3))
    angles[:, JOINT["right_shoulder"], 1] = 0.9 * reach
    angles[:, JOINT["right_shoulder"], 2] = 0.8 - 0.2 * reach - 0.6 * lift
    angles[:, JOINT["right_elbow"], 1] = 0.3 * reach + 0.5 * lift
    angles[:, JOINT["left_shoulder"], 2] = -1.2
    angles[:, JOINT["spine2"], 0] = 0.2 * reach - 0.1 * lift
    angles[:, JOINT["spine2"], 1] = 0.3 * lift
    return replace(base, rotations=base.rotations @ matrix_from_axis_angle(angles))


def _ease(x: Array) -> Array:
    """0 → 1, smooth at both ends."""
    x = x.clip(0, 1)
    return x * x * (3 - 2 * x)


def _object_path(
    body: BodyModel, motion: BodyMotion, mesh: TriangleMesh, contact_start: int
) -> Array:
    """At rest until the contact, then carried rigidly below the palm of the right hand."""
    wrist = JOINT["right_wrist"]
    posed = body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    Ts_world_wrist = rigid(posed.R_world_joint[:, wrist].numpy(), posed.joints[:, wrist].numpy())
    T_wrist_object = rigid(np.eye(3), np.array([-0.09, -0.03 - 0.035, 0.0]))
    T_rest = Ts_world_wrist[contact_start] @ T_wrist_object
    Ts = Ts_world_wrist @ T_wrist_object
    Ts[:contact_start] = T_rest
    return Ts


def _spec(T_world_object: Array, mesh: TriangleMesh, width_px: int) -> SceneSpec:
    lowest = float(transform_points(T_world_object, mesh.vertices)[:, 2].min())
    x, y = T_world_object[:2, 3].tolist()
    height_px = width_px * 9 // 16
    camera = look_at(
        width_px, height_px, 1.15 * width_px, np.array([1.6, 3.4, 1.7]), np.array([0.1, 0.2, 1.0])
    )
    light = LightSpec(pos=(0, 0, 2.5), target=(0, 0, 1), size_m=1, power_w=100)
    return SceneSpec(
        clip_id="Test/block/stick_room_rand00001",
        scene="room",
        character="stick",
        seed=1,
        camera=CameraSpec.of(camera),
        room=RoomSpec(),
        table=BoxSpec(pos=(x, y + 0.2, lowest - 0.02), size=(0.6, 0.6, 0.04)),
        lights=[light],
        object_scale=(1, 1, 1),
        T_world_object=T_world_object.tolist(),
        T_world_person=np.eye(4).tolist(),
    )


def _estimate(body: BodyModel, motion: BodyMotion, camera: Camera) -> HumanPoseEstimate:
    posed = body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    uv = camera.project(keypoint_regressor(body).positions(posed).numpy())
    T = len(motion)
    return HumanPoseEstimate(
        motion,
        np.concatenate([uv, np.ones((*uv.shape[:2], 1))], axis=-1),
        np.ones((T, 2)),
        np.ones((T, NUM_JOINTS)),
    )


def _tracks(
    body: BodyModel, motion: BodyMotion, mesh: TriangleMesh, Ts: Array, camera: Camera
) -> SceneTracks:
    object_masks, human_masks, depths = [], [], []
    for vertices, T in zip(motion.vertices(body), Ts, strict=True):
        person = rasterize(camera, vertices, body.faces)
        thing = rasterize(camera, transform_points(T, mesh.vertices), mesh.faces)
        z_person = np.where(person.silhouette, person.depth, np.inf)
        z_thing = np.where(thing.silhouette, thing.depth, np.inf)
        object_masks.append(thing.silhouette & (z_thing < z_person))
        human_masks.append(person.silhouette & (z_person <= z_thing))
        nearest = np.minimum(z_person, z_thing)
        depths.append(np.where(np.isfinite(nearest), nearest, np.nan).astype(np.float32))
    confidence = np.ones((len(motion), 2))
    return SceneTracks(np.stack(object_masks), np.stack(human_masks), np.stack(depths), confidence)


def relative_wrist_poses(planted: Planted) -> Array:
    """(T, 4, 4) of the object in the right wrist's frame, by the truth."""
    wrist, body, motion = JOINT["right_wrist"], planted.observation.body, planted.motion
    posed = body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    Ts_world_wrist = rigid(posed.R_world_joint[:, wrist].numpy(), posed.joints[:, wrist].numpy())
    return inverse(Ts_world_wrist) @ planted.Ts_world_object
