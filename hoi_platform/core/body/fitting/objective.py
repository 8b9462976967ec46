"""Gathers the terms of one phase of the fit into normal equations."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.fitting.anatomy import Hinge, stray_rad
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.ground import Ground
from hoi_platform.core.body.fitting.kinematics import (
    Linearized,
    Points,
    PoseSpace,
    bone_residuals,
    joint_residuals,
    point_residuals,
    skinned_points,
)
from hoi_platform.core.body.fitting.measurements import Measurements
from hoi_platform.core.body.fitting.terms import (
    ACCELERATION,
    bone_direction,
    hinge_limit,
    hinge_twist,
    keypoint_reprojection,
    pose_prior,
)
from hoi_platform.core.body.keypoints import POSE_KEYPOINTS
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.least_squares.normal_equations import NormalEquations
from hoi_platform.core.least_squares.robust import CAUCHY

_HINGE_RAD: Final = (0.1, 0.05, 0.05)
"""Standard deviation (rad) out of a hinge's plane, below and above its range; chosen."""
_FINGER_TWIST_RAD: Final = 0.12
"""Standard deviation (rad) of sideways and twisting motion of a finger's joints; chosen."""
_REACH: Final = len(ACCELERATION) - 1


@dataclass(frozen=True)
class Objective:
    """The cost of one phase as a function of x (T, P)."""

    space: PoseSpace
    landmarks: BodyModel
    smooth: BodyModel
    """The points whose accelerations cost."""
    measured: Measurements
    config: FitConfig
    keypoints: list[int]
    """The landmarks that this phase looks at."""
    bones: list[tuple[int, int]]
    hinges: list[Hinge]
    ground: Ground | None
    rate_factor: float
    """(24 / fps)²: how much more acceleration a frame may show than at 24 fps."""
    outlier_sigmas: float

    def equations(self, x: Float[Tensor, "T P"]) -> NormalEquations:
        """The normal equations of all terms at x."""
        equations = NormalEquations(self.space.frames, self.space.size, _REACH)
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
        R, t = self.measured.T_cam_world[:3, :3], self.measured.T_cam_world[:3, 3]
        return Points(points.p @ R.T + t, R @ points.J)

    def _add_reprojection(self, equations: NormalEquations, landmarks: Points) -> None:
        rows, measured = self.keypoints, self.measured
        linear = point_residuals(
            keypoint_reprojection,
            self._in_camera(landmarks.at(rows)),
            measured.uv[:, rows],
            measured.focal_px.expand(1, 1),
            measured.center_px.expand(1, 1, 2),
            measured.sigma_px[:, rows] * self.config.landmark_inflation,
        )
        self._add_robust(equations, linear, measured.known[:, rows])

    def _add_bones(self, equations: NormalEquations, landmarks: Points) -> None:
        config, measured = self.config, self.measured
        rows = [measured.bones.index(bone) for bone in self.bones]
        first_of_hand = len(POSE_KEYPOINTS)
        sigma = [
            config.bone_rad if a < first_of_hand else config.hand_bone_rad for a, _ in self.bones
        ]
        linear = bone_residuals(
            bone_direction,
            self._in_camera(landmarks),
            self.bones,
            measured.directions[:, rows],
            measured.direction_inflation[:, rows] * torch.tensor(sigma, dtype=torch.float64),
        )
        self._add_robust(equations, linear, measured.direction_known[:, rows])

    def _add_robust(
        self, equations: NormalEquations, linear: Linearized, known: Float[Tensor, "T N"]
    ) -> None:
        equations.add_robust(linear.residual, linear.J, known, CAUCHY, self.outlier_sigmas)

    @cached_property
    def _sigma(self) -> Float[Tensor, "T P"]:
        """Of the prior; frame 0 is known."""
        config, space = self.config, self.space
        stray = [s for joint in space.joints for s in stray_rad(joint)]
        moves = [1.0] * 3 * space.moves
        sigma = torch.tensor([*moves, *stray], dtype=torch.float64).repeat(space.frames, 1)
        sigma[0, : 3 * space.moves] = config.first_frame_m
        sigma[0, 3 * space.moves :] = config.first_frame_rad
        return sigma

    def _add_prior(self, equations: NormalEquations, x: Float[Tensor, "T P"]) -> None:
        equations.add(pose_prior(x, self._sigma), torch.diag_embed(1.0 / self._sigma))

    def _add_limits(self, equations: NormalEquations, x: Float[Tensor, "T P"]) -> None:
        hinges = [hinge for hinge in self.hinges if hinge.joint in self.space.joints]
        fingers = [hinge for hinge in hinges if hinge.is_finger]
        if hinges:
            joints, sigma = [hinge.joint for hinge in hinges], _row([_HINGE_RAD])
            limits = _row([hinge.limits for hinge in hinges])
            bone, fold = _row([h.bone for h in hinges]), _row([h.fold for h in hinges])
            constants = (bone, fold, limits, sigma)
            linear = joint_residuals(hinge_limit, self.space, x, joints, constants)
            equations.add(linear.residual.flatten(1), linear.J.flatten(1, 2))
        if fingers:
            joints, sigma = [hinge.joint for hinge in fingers], _row([(_FINGER_TWIST_RAD,)])
            bone, fold = _row([h.bone for h in fingers]), _row([h.fold for h in fingers])
            axes = torch.linalg.cross(bone, fold)
            linear = joint_residuals(hinge_twist, self.space, x, joints, (axes, sigma))
            equations.add(linear.residual.flatten(1), linear.J.flatten(1, 2))

    def _add_smoothness(self, equations: NormalEquations, x: Float[Tensor, "T P"]) -> None:
        config, space = self.config, self.space
        moved = skinned_points(self.smooth, space, x)
        one = torch.ones(1, 1, dtype=torch.float64)
        equations.add_differences(
            ACCELERATION,
            moved.p.flatten(1),
            moved.J.flatten(1, 2),
            one / (config.acceleration_m * self.rate_factor),
        )
        eye = torch.eye(space.size, dtype=torch.float64)[3 * space.moves :]
        equations.add_differences(
            ACCELERATION,
            x[:, 3 * space.moves :],
            eye.expand(space.frames, -1, -1),
            one / (config.turn_acceleration_rad * self.rate_factor),
        )


def _row(values: Sequence[Array | tuple[float, ...]]) -> Tensor:
    """Constants of N items as (1, N, ...)."""
    return torch.as_tensor(np.array(values), dtype=torch.float64)[None]
