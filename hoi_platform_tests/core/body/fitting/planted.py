"""Planted truth: a stick person who reaches, and what a perfect or a poor detector sees of it."""

from dataclasses import dataclass

import numpy as np
import torch

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.fitting.observation import KeypointObservation
from hoi_platform.core.body.keypoints import keypoint_regressor
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform_tests.hoi_samples import standing, stick_body

FPS = 24.0


@dataclass(frozen=True)
class Planted:
    """A motion and a camera that sees it."""

    body: BodyModel
    motion: BodyMotion
    camera: Camera

    @property
    def first_frame(self) -> BodyMotion:
        return self.motion[:1]

    def landmarks(self) -> Array:
        """(T, K, 3) in the world."""
        rotations = torch.as_tensor(self.motion.rotations)
        posed = self.body.pose(rotations, torch.as_tensor(self.motion.translation))
        return keypoint_regressor(self.body).positions(posed).numpy()

    def observed(self, noise_px: float = 0.0, seed: int = 0) -> KeypointObservation:
        """What a detector sees with that noise; its metric landmarks are 20 % too large."""
        rng = np.random.default_rng(seed)
        p = self.landmarks()
        uv = self.camera.project(p) + rng.normal(size=(*p.shape[:2], 2)) * noise_px
        keypoints = np.concatenate([uv, np.full((*p.shape[:2], 1), 0.99)], axis=-1)
        return KeypointObservation(keypoints, 1.2 * self.camera.to_cam(p))

    def error_mm(self, motion: BodyMotion, joints: slice = slice(0, 55)) -> float:
        """Mean distance of the joints from the truth."""
        gap = motion.joints(self.body)[:, joints] - self.motion.joints(self.body)[:, joints]
        return 1000 * float(np.linalg.norm(gap, axis=-1).mean())


def reaching(frames: int = 20) -> Planted:
    """Arms come down to the sides before the clip; the right one then reaches forward."""
    motion = standing(frames, FPS)
    s = np.linspace(0, 1, frames)[:, None]
    ease = s**3 * (10 - 15 * s + 6 * s**2)
    angles = np.zeros((frames, 55, 3))
    angles[:, JOINT["left_shoulder"]] = [0, 0, -1.2]
    angles[:, JOINT["left_elbow"]] = [0, -0.3, 0]
    angles[:, JOINT["right_elbow"]] = ease * [0, 0.6, 0] + [0, 0.2, 0]
    angles[:, JOINT["spine2"]] = ease * [0.2, 0, 0]
    down = matrix_from_axis_angle(np.array([0, 0, 1.2]))
    rotations = motion.rotations @ matrix_from_axis_angle(angles)
    forward = matrix_from_axis_angle(ease * [-1.0, 0, 0])
    rotations[:, JOINT["right_shoulder"]] = forward @ down
    moved = BodyMotion(rotations, motion.translation, FPS)
    eye = np.array([1.2, 3.2, 1.5])
    return Planted(stick_body(), moved, look_at(640, 360, 500.0, eye, np.array([0, 0, 0.9])))
