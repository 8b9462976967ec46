"""Feet on the ground and a balanced body: what fixes the person's place in depth."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, minimum_filter1d
from torch import Tensor

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.fitting.anatomy import mass_of_joints, sole_vertices
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.kinematics import (
    Points,
    PoseSpace,
    joint_points,
    point_residuals,
    skinned_points,
)
from hoi_platform.core.body.fitting.terms import VELOCITY, balance, foot_height, planted_through
from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.keypoints import KEYPOINT
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.least_squares.normal_equations import NormalEquations

_PLANTED_BELOW_M: Final = 0.08
"""Height (m) of a sole's point above which it was not on the ground in frame 0; chosen."""
_LANDMARKS: Final = ("ankle", "heel", "foot_index")
_SPEED_STATURES: Final = 0.35
"""Speed of a foot (statures per second) at which it is as likely planted as not; chosen."""
_SMOOTHING_S: Final = 0.12
"""Standard deviation (s) of the Gaussian over a foot's path, and reach of a low confidence;
chosen."""
_CONFIDENCE_DECAY: Final = 10.0
"""Rate, per unit of confidence, at which the belief in a foot's apparent motion falls with its
landmarks' confidence; chosen."""


@dataclass(frozen=True)
class Ground:
    """What is known of the feet and of the balance of a person who stands."""

    soles: BodyModel
    """N points of both soles."""
    contact: Float[Tensor, "T N"]  # probability that each is planted
    heights: Float[Tensor, " N"]  # of the points when planted, m
    joints: BodyModel
    """The joints that carry the mass."""
    mass: Float[Tensor, " J"]  # their shares
    center_xy: Float[Tensor, "2"]  # of the center of mass in frame 0, m
    standing: Float[Tensor, " T"]  # probability that both feet are planted

    @classmethod
    def of(cls, body: BodyModel, first_frame: BodyMotion, contact: Float[Array, "T 2"]) -> "Ground":
        """``contact`` of the left and the right foot."""
        vertices = [sole_vertices(body, side) for side in SIDES]
        soles = body.subset(np.concatenate(vertices))
        heights = first_frame.vertices(soles)[0, :, 2]
        per_point = np.repeat(contact, [len(v) for v in vertices], axis=1)
        mass = mass_of_joints()
        heavy = np.flatnonzero(mass)
        return cls(
            soles=soles,
            contact=torch.as_tensor(per_point * (heights < _PLANTED_BELOW_M)),
            heights=torch.as_tensor(heights),
            joints=joint_points(body).subset(heavy),
            mass=torch.as_tensor(mass[heavy]),
            center_xy=torch.as_tensor(mass @ first_frame.joints(body)[0, :, :2]),
            standing=torch.as_tensor(contact.min(axis=1)),
        )

    def add_to(
        self,
        equations: NormalEquations,
        space: PoseSpace,
        x: Float[Tensor, "T P"],
        config: FitConfig,
    ) -> None:
        """Add soles and balance to the normal equations at x."""
        self._add_soles(equations, skinned_points(self.soles, space, x), config)
        self._add_balance(equations, skinned_points(self.joints, space, x), config)

    def _add_soles(self, equations: NormalEquations, soles: Points, config: FitConfig) -> None:
        height = point_residuals(
            foot_height,
            soles,
            self.heights[None, :, None],
            self.contact[..., None],
            _constant(config.foot_height_m),
        )
        equations.add(height.residual.flatten(1), height.J.flatten(1, 2))
        inverse_sigma = planted_through(self.contact) / config.foot_slide_m
        equations.add_differences(
            VELOCITY,
            soles.p.flatten(1),
            soles.J.flatten(1, 2),
            inverse_sigma.repeat_interleave(3, dim=1),
        )

    def _add_balance(self, equations: NormalEquations, joints: Points, config: FitConfig) -> None:
        center = Points(
            torch.einsum("n,tnc->tc", self.mass, joints.p)[:, None],
            torch.einsum("n,tncp->tcp", self.mass, joints.J)[:, None],
        )
        anchor, standing = self.center_xy[None, None], self.standing[:, None, None]
        linear = point_residuals(balance, center, anchor, standing, _constant(config.balance_m))
        equations.add(linear.residual.flatten(1), linear.J.flatten(1, 2))


def _constant(value: float) -> Tensor:
    return torch.full((1, 1, 1), value, dtype=torch.float64)


def foot_contact_probability(
    keypoints_px: Float[Array, "T K 3"], stature_px: float, fps: float
) -> Float[Array, "T 2"]:
    """Probability that the left and the right foot is planted, of keypoints.

    Judged from the image before anything is fitted. A foot counts as planted unless it is seen to
    move: detections of low confidence, behind a table say, cannot lift it.
    """
    return np.column_stack([_one_foot(keypoints_px, side, stature_px, fps) for side in SIDES])


def _one_foot(
    keypoints_px: Float[Array, "T K 3"], side: str, stature_px: float, fps: float
) -> Float[Array, " T"]:
    rows = [KEYPOINT[f"{side}_{part}"] for part in _LANDMARKS]
    uv, confidence = keypoints_px[:, rows, :2], keypoints_px[:, rows, 2]
    known = np.isfinite(uv[..., 0]).all(axis=1)
    if known.sum() < 2:
        return np.ones(len(uv))
    frames = np.arange(len(uv))
    flat = uv.reshape(len(uv), -1)
    filled = np.column_stack([np.interp(frames, frames[known], c[known]) for c in flat.T])
    smooth = gaussian_filter1d(filled, max(_SMOOTHING_S * fps, 0.5), axis=0, mode="nearest")
    velocity = np.gradient(smooth.reshape(uv.shape), axis=0) * fps / stature_px
    speed = np.median(np.linalg.norm(velocity, axis=-1), axis=1)
    moving = 1 - np.exp2(-((speed / _SPEED_STATURES) ** 2))
    seen = np.where(known, np.nan_to_num(confidence).min(axis=1), 0.0)
    seen = minimum_filter1d(seen, 2 * round(_SMOOTHING_S * fps) + 1, mode="nearest")
    return 1 - np.exp(-_CONFIDENCE_DECAY * (1 - seen)) * moving
