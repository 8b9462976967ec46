"""Feet on the ground and a balanced body: what fixes the person's place in depth."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from hoi_platform.core.body.fitting.anatomy import SIDES, mass_of_joints, sole_vertices
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.kinematics import Points, joint_points, skinned_points
from hoi_platform.core.body.fitting.linearization import of_points
from hoi_platform.core.body.fitting.normal_equations import NormalEquations
from hoi_platform.core.body.fitting.terms.balance import balance
from hoi_platform.core.body.fitting.terms.foot_contact import (
    VELOCITY,
    foot_height,
    planted_through,
)
from hoi_platform.core.body.fitting.variables import PoseSpace
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.geometry.rotations import Array

_PLANTED_BELOW_M: Final = 0.08
"""A point of a sole that is higher than this in frame 0 was not on the ground there."""


@dataclass(frozen=True)
class Ground:
    """What is known of the feet and of the balance of one who stands."""

    soles: BodyModel
    """N points of both soles."""
    contact: Tensor  # (T, N) probability that each is planted
    heights: Tensor  # (N,) of the points when planted, m
    joints: BodyModel
    """The joints that carry the mass."""
    mass: Tensor  # (J,) their shares
    center_xy: Tensor  # (2,) of the center of mass in frame 0, m
    standing: Tensor  # (T,) probability that both feet are planted

    @classmethod
    def of(cls, body: BodyModel, first_frame: BodyMotion, contact: Array) -> "Ground":
        """``contact`` (T, 2) of the left and the right foot."""
        vertices = [sole_vertices(body, side) for side in SIDES]
        soles = body.subset(np.concatenate(vertices))
        heights = first_frame.vertices(soles)[0, :, 2]
        per_point = np.repeat(contact, [len(v) for v in vertices], axis=1)
        mass = mass_of_joints()
        heavy = np.flatnonzero(mass)
        return cls(
            soles,
            torch.as_tensor(per_point * (heights < _PLANTED_BELOW_M)),
            torch.as_tensor(heights),
            joint_points(body).subset(heavy),
            torch.as_tensor(mass[heavy]),
            torch.as_tensor(mass @ first_frame.joints(body)[0, :, :2]),
            torch.as_tensor(contact.min(axis=1)),
        )

    def add_to(
        self, equations: NormalEquations, space: PoseSpace, x: Tensor, config: FitConfig
    ) -> None:
        """Add soles and balance to the normal equations at x (T, P)."""
        self._add_soles(equations, skinned_points(self.soles, space, x), config)
        self._add_balance(equations, skinned_points(self.joints, space, x), config)

    def _add_soles(self, equations: NormalEquations, soles: Points, config: FitConfig) -> None:
        height = of_points(
            foot_height,
            soles,
            self.heights[None, :, None],
            self.contact[..., None],
            _constant(config.foot_height_m),
        )
        equations.add_frame_residuals(height.residual.flatten(1), height.J.flatten(1, 2))
        weights = planted_through(self.contact) / config.foot_slide_m
        equations.add_differences(
            VELOCITY,
            soles.p.flatten(1),
            soles.J.flatten(1, 2),
            weights.repeat_interleave(3, dim=1),
        )

    def _add_balance(self, equations: NormalEquations, joints: Points, config: FitConfig) -> None:
        center = Points(
            torch.einsum("n,tnc->tc", self.mass, joints.p)[:, None],
            torch.einsum("n,tncp->tcp", self.mass, joints.J)[:, None],
        )
        target, standing = self.center_xy[None, None], self.standing[:, None, None]
        linear = of_points(balance, center, target, standing, _constant(config.balance_m))
        equations.add_frame_residuals(linear.residual.flatten(1), linear.J.flatten(1, 2))


def _constant(value: float) -> Tensor:
    return torch.full((1, 1, 1), value, dtype=torch.float64)
