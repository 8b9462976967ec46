"""Gathers the terms of one stage of the fit into normal equations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from hoi_platform.core.body.fitting.anatomy import Hinge, stray_rad
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.ground import Ground
from hoi_platform.core.body.fitting.kinematics import Points, skinned_points
from hoi_platform.core.body.fitting.linearization import Linear, of_bones, of_points, of_rotations
from hoi_platform.core.body.fitting.normal_equations import NormalEquations
from hoi_platform.core.body.fitting.targets import FitTargets
from hoi_platform.core.body.fitting.terms.bone_direction import bone_direction
from hoi_platform.core.body.fitting.terms.joint_limits import hinge_limit, hinge_twist
from hoi_platform.core.body.fitting.terms.keypoint_reprojection import keypoint_reprojection
from hoi_platform.core.body.fitting.terms.pose_prior import pose_prior
from hoi_platform.core.body.fitting.terms.temporal_smoothness import ACCELERATION
from hoi_platform.core.body.fitting.variables import PoseSpace
from hoi_platform.core.body.keypoints import POSE_KEYPOINTS
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.geometry.rotations import Array

_HINGE_SIGMA = (0.1, 0.05, 0.05)
_FINGER_TWIST_SIGMA = 0.12
"""Sideways and twisting motion of a finger's joints (rad)."""


@dataclass(frozen=True)
class Objective:
    """The cost of one stage as a function of x (T, P)."""

    space: PoseSpace
    landmarks: BodyModel
    smooth: BodyModel
    """The points whose accelerations cost."""
    targets: FitTargets
    config: FitConfig
    keypoints: list[int]
    """The landmarks that this stage looks at."""
    bones: list[tuple[int, int]]
    hinges: list[Hinge]
    ground: Ground | None
    frame_scale: float
    """(24 / fps)²: how much more acceleration a frame may show than at 24 fps."""
    outlier_sigmas: float

    def equations(self, x: Tensor) -> NormalEquations:
        """The normal equations at x, all terms in."""
        equations = NormalEquations(self.space.frames, self.space.size)
        landmarks = skinned_points(self.landmarks, self.space, x)
        self._add_reprojection(equations, landmarks)
        self._add_bones(equations, landmarks)
        self._add_prior(equations, x)
        self._add_limits(equations, x)
        self._add_smoothness(equations, x)
        if self.ground:
            self.ground.add_to(equations, self.space, x, self.config)
        return equations

    def _in_camera(self, points: Points) -> Points:
        R, t = self.targets.T_cam_world[:3, :3], self.targets.T_cam_world[:3, 3]
        return Points(points.p @ R.T + t, R @ points.J)

    def _add_reprojection(self, equations: NormalEquations, landmarks: Points) -> None:
        rows, target = self.keypoints, self.targets
        linear = of_points(
            keypoint_reprojection,
            self._in_camera(landmarks.at(rows)),
            target.uv[:, rows],
            target.focal_px.expand(1, 1),
            target.center_px.expand(1, 1, 2),
            target.sigma_px[:, rows] * self.config.landmark_scale,
        )
        equations.add_robust(linear, target.known[:, rows], self.outlier_sigmas)

    def _add_bones(self, equations: NormalEquations, landmarks: Points) -> None:
        target = self.targets
        rows = [target.bones.index(bone) for bone in self.bones]
        config, hand = self.config, len(POSE_KEYPOINTS)
        sigma = [config.bone_rad if a < hand else config.hand_bone_rad for a, _ in self.bones]
        linear = of_bones(
            bone_direction,
            self._in_camera(landmarks),
            self.bones,
            target.directions[:, rows],
            target.direction_spread[:, rows] * torch.tensor(sigma, dtype=torch.float64),
        )
        equations.add_robust(linear, target.direction_known[:, rows], self.outlier_sigmas)

    @cached_property
    def _sigma(self) -> Tensor:
        """(T, P) of the prior; frame 0 is known."""
        config, space = self.config, self.space
        stray = [s for joint in space.joints for s in stray_rad(joint)]
        moves = [1.0] * 3 * space.moves
        sigma = torch.tensor([*moves, *stray], dtype=torch.float64) * config.pose_scale
        sigma = sigma.repeat(space.frames, 1)
        sigma[0, : 3 * space.moves] = config.first_frame_m
        sigma[0, 3 * space.moves :] = config.first_frame_rad
        return sigma

    def _add_prior(self, equations: NormalEquations, x: Tensor) -> None:
        J = torch.diag_embed(1.0 / self._sigma)
        equations.add_frame_residuals(pose_prior(x, self._sigma), J)

    def _add_limits(self, equations: NormalEquations, x: Tensor) -> None:
        free = self.space.joints
        hinges = [hinge for hinge in self.hinges if hinge.joint in free]
        fingers = [hinge for hinge in hinges if hinge.is_finger]
        if hinges:
            sigma = _row([_HINGE_SIGMA])
            limits = _row([hinge.limits for hinge in hinges])
            bone, fold = _row([h.bone for h in hinges]), _row([h.fold for h in hinges])
            linear = self._rotations(x, hinge_limit, hinges, bone, fold, limits, sigma)
            equations.add_frame_residuals(linear.residual.flatten(1), linear.J.flatten(1, 2))
        if fingers:
            axes = torch.linalg.cross(
                _row([h.bone for h in fingers]), _row([h.fold for h in fingers])
            )
            sigma = _row([(_FINGER_TWIST_SIGMA,)])
            linear = self._rotations(x, hinge_twist, fingers, axes, sigma)
            equations.add_frame_residuals(linear.residual.flatten(1), linear.J.flatten(1, 2))

    def _rotations(
        self, x: Tensor, f: Callable[..., Tensor], hinges: list[Hinge], *constants: Tensor
    ) -> Linear:
        space = self.space
        rows = [space.joints.index(hinge.joint) for hinge in hinges]
        reference = space.rotations[:, list(space.joints)]
        return of_rotations(f, space.residuals(x), reference, rows, space.size, *constants)

    def _add_smoothness(self, equations: NormalEquations, x: Tensor) -> None:
        config, space = self.config, self.space
        moved = skinned_points(self.smooth, space, x)
        one = torch.ones(1, 1, dtype=torch.float64)
        equations.add_differences(
            ACCELERATION,
            moved.p.flatten(1),
            moved.J.flatten(1, 2),
            one / (config.acceleration_m * self.frame_scale),
        )
        eye = torch.eye(space.size, dtype=torch.float64)[3 * space.moves :]
        equations.add_differences(
            ACCELERATION,
            x[:, 3 * space.moves :],
            eye.expand(space.frames, -1, -1),
            one / (config.turn_acceleration_rad * self.frame_scale),
        )


def _row(values: Sequence[Array | tuple[float, ...]]) -> Tensor:
    """Constants of N items as (1, N, ...)."""
    return torch.as_tensor(np.array(values), dtype=torch.float64)[None]
