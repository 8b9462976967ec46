"""Planted truth: the synthetic clip on a stick figure, exact or with a spoiled first guess."""

from dataclasses import dataclass, replace

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import NUM_BODY_JOINTS, NUM_JOINTS
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle, rotation_angle
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.optimizer.interface import OptimizerInput
from hoi_platform.core.optimizer.synthetic import synthetic_clip
from hoi_platform_tests.hoi_samples import stick_body

FPS = 24.0


@dataclass(frozen=True)
class Planted:
    """The estimates of a clip and the clip's truth."""

    inputs: OptimizerInput
    motion: BodyMotion
    Ts_world_object: Array

    def joint_error_mm(self, motion: BodyMotion) -> float:
        """Mean distance of joints from the truth."""
        body = self.inputs.body
        gap = motion.joints(body) - self.motion.joints(body)
        return 1000 * float(np.linalg.norm(gap, axis=-1).mean())

    def object_error_mm(self, Ts: Array) -> float:
        """Mean distance of the object's center from the truth."""
        center = self.inputs.mesh.surface_centroid[None]
        gap = transform_points(Ts, center) - transform_points(self.Ts_world_object, center)
        return 1000 * float(np.linalg.norm(gap, axis=-1).mean())

    def rotation_error_deg(self, Ts: Array) -> float:
        """Mean angle of the object's orientation from the truth."""
        angle = rotation_angle(Ts[:, :3, :3], self.Ts_world_object[:, :3, :3])
        return float(np.degrees(angle).mean())


def planted(frames: int = 20, contact_start: int = 6, width_px: int = 320) -> Planted:
    """All measurements exact; the first guess is the truth."""
    return Planted(*synthetic_clip(stick_body(), frames, FPS, contact_start, width_px))


def spoiled(clip: Planted, rng: np.random.Generator) -> Planted:
    """The first guess drifts, jitters and has the moving object 40 mm too far away."""
    inputs = clip.inputs
    moving = inputs.contacts.hands[:, 1, None]
    T = len(inputs)
    turn = matrix_from_axis_angle(moving * rng.normal(0, 0.04, (T, 3)))
    away = 0.04 * inputs.camera.T_world_cam[:3, 2] + rng.normal(0, 0.003, (T, 3))
    Ts = clip.Ts_world_object.copy()
    Ts[:, :3, :3] = Ts[:, :3, :3] @ turn
    Ts[:, :3, 3] += moving * away
    track = replace(inputs.track, Ts_world_object=Ts)
    human = replace(inputs.human, motion=_drifting(clip.motion, rng))
    return replace(clip, inputs=replace(inputs, track=track, human=human))


def _drifting(motion: BodyMotion, rng: np.random.Generator) -> BodyMotion:
    """Exact at frame 0; 5 cm and 3 degrees a joint away at the end, with jitter."""
    T = len(motion)
    ramp = np.linspace(0, 1, T)[:, None]
    jitter = np.minimum(1, 10 * ramp)
    angles = ramp[:, None] * rng.normal(0, 0.05, (1, NUM_JOINTS, 3))
    angles = angles + jitter[:, None] * rng.normal(0, 0.01, (T, NUM_JOINTS, 3))
    angles[:, NUM_BODY_JOINTS:] = 0
    return BodyMotion(
        motion.rotations @ matrix_from_axis_angle(angles),
        motion.translation + ramp * [0.03, 0.04, 0.0] + jitter * rng.normal(0, 0.003, (T, 3)),
        motion.fps,
    )
