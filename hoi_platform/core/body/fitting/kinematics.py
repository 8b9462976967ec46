"""Unknowns of a frame, the points that they move, and residuals of both with derivatives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hoi_platform.core.body.model import BodyModel, Posed
from hoi_platform.core.body.skeleton import NUM_JOINTS, PARENTS
from hoi_platform.core.geometry.torch_rotations import matrix_from_axis_angle, skew
from hoi_platform.core.least_squares.linearize import linearize


@dataclass(frozen=True)
class PoseSpace:
    """Which unknowns a frame has: x (P,) = [pelvis offset (3) if ``moves``, residual per joint].

    A free joint's local rotation is ``R_reference @ exp(residual)``, so x = 0 is the reference.
    The reference may differ from frame to frame.
    """

    body: BodyModel
    rotations: Float[Tensor, "T 55 3 3"]  # the reference
    translation: Float[Tensor, "T 3"]
    joints: tuple[int, ...]
    moves: bool

    @property
    def size(self) -> int:
        """P, the number of unknowns per frame."""
        return 3 * (self.moves + len(self.joints))

    @property
    def frames(self) -> int:
        return len(self.translation)

    def residuals(self, x: Float[Tensor, "T P"]) -> Float[Tensor, "T J 3"]:
        """The axis-angle residuals in x."""
        return x[:, 3 * self.moves :].reshape(len(x), len(self.joints), 3)

    def pose(
        self, x: Float[Tensor, "T P"]
    ) -> tuple[Float[Tensor, "T 55 3 3"], Float[Tensor, "T 3"]]:
        """Local rotations and pelvis positions."""
        rotations = self.rotations.clone()
        index = list(self.joints)
        rotations[:, index] = rotations[:, index] @ matrix_from_axis_angle(self.residuals(x))
        return rotations, self.translation + x[:, :3] if self.moves else self.translation

    def posed(self, x: Float[Tensor, "T P"]) -> Posed:
        """Forward kinematics of x."""
        return self.body.pose(*self.pose(x))


class Points(NamedTuple):
    """N points in the world and what moves them."""

    p: Float[Tensor, "T N 3"]  # meters
    J: Float[Tensor, "T N 3 P"]

    def at(self, rows: list[int]) -> "Points":
        return Points(self.p[:, rows], self.J[:, rows])


class Linearized(NamedTuple):
    """N residual vectors per frame and their derivatives."""

    residual: Float[Tensor, "T N M"]
    J: Float[Tensor, "T N M P"]


def right_jacobian(axis_angle: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """J with exp(a + δ) = exp(a) exp(J δ) to first order.

    Source: Chirikjian, Stochastic Models, Information Theory, and Lie Groups, vol. 2, eq. 10.86.
    """
    squared = axis_angle.square().sum(-1)[..., None, None]
    small = squared < 1e-6
    safe = torch.where(small, torch.ones_like(squared), squared)
    angle = safe.sqrt()
    a = torch.where(small, 0.5 - squared / 24, (1 - angle.cos()) / safe)
    b = torch.where(small, 1 / 6 - squared / 120, (angle - angle.sin()) / (safe * angle))
    K = skew(axis_angle)
    eye = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return eye - a * K + b * (K @ K)


def _ancestors() -> Float[Tensor, "55 55"]:
    """1 where the row's joint turns the column's joint (itself included)."""
    turns = np.zeros((NUM_JOINTS, NUM_JOINTS))
    for joint in range(NUM_JOINTS):
        above = joint
        while above >= 0:
            turns[above, joint] = 1.0
            above = PARENTS[above]
    return torch.as_tensor(turns)


_TURNS: Final = _ancestors()


def skinned_points(points: BodyModel, space: PoseSpace, x: Float[Tensor, "T P"]) -> Points:
    """Points of a light body (``KeypointRegressor.points``, ``BodyModel.subset``) at x.

    A rotation of joint j by a world vector ω moves a point p = Σ_i w_i q_i, q_i being where bone i
    alone would carry it, by ω × Σ_{i below j} w_i (q_i - c_j), with c_j the joint's position.
    """
    posed = space.posed(x)
    weights = torch.as_tensor(points.weights, dtype=x.dtype)
    rest = torch.as_tensor(points.rest_vertices, dtype=x.dtype)
    rest_joints = torch.as_tensor(points.rest_joints, dtype=x.dtype)
    local = rest[:, None] - rest_joints  # (N, 55, 3)
    carried = torch.einsum("tjab,njb->tnja", posed.R_world_joint, local) + posed.joints[:, None]
    weighted = weights[..., None] * carried
    turns = _TURNS.to(x.dtype)[list(space.joints)]  # (J, 55)
    below = torch.einsum("ji,tnic->tnjc", turns, weighted)
    arm = below - (weights @ turns.T)[..., None] * posed.joints[:, None, list(space.joints)]
    # δω in the world = R_world_joint · J_r(residual) · δresidual
    axes = posed.R_world_joint[:, list(space.joints)] @ right_jacobian(space.residuals(x))
    J = -skew(arm) @ axes[:, None]  # (T, N, J, 3, 3)
    J = J.transpose(2, 3).flatten(3)  # (T, N, 3, 3J)
    if space.moves:
        eye = torch.eye(3, dtype=x.dtype).expand(*J.shape[:2], 3, 3)
        J = torch.cat([eye, J], dim=-1)
    return Points(weighted.sum(dim=2), J)


def joint_points(body: BodyModel) -> BodyModel:
    """The 55 joints as points of a light body, for ``skinned_points``."""
    weights = np.eye(NUM_JOINTS)
    no_faces = np.zeros((0, 3), dtype=np.int64)
    return BodyModel(body.name, body.rest_joints, no_faces, body.rest_joints, weights)


def point_residuals(f: Callable[..., Tensor], points: Points, *constants: Tensor) -> Linearized:
    """A residual of each point, f: (3,) → (M,)."""
    residual, J = linearize(f, points.p, *constants)
    return Linearized(residual, J @ points.J)


def bone_residuals(
    f: Callable[..., Tensor], points: Points, ends: list[tuple[int, int]], *constants: Tensor
) -> Linearized:
    """A residual of pairs of points, f: (2, 3) → (M,)."""
    rows = [list(side) for side in zip(*ends, strict=True)]
    residual, J = linearize(f, torch.stack([points.p[:, r] for r in rows], dim=2), *constants)
    chained = J[..., 0, :] @ points.J[:, rows[0]] + J[..., 1, :] @ points.J[:, rows[1]]
    return Linearized(residual, chained)


def joint_residuals(
    f: Callable[..., Tensor],
    space: PoseSpace,
    x: Float[Tensor, "T P"],
    joints: list[int],
    constants: Sequence[Tensor],
) -> Linearized:
    """A residual of the local rotations of some free joints, f: (3, 3), constants → (M,)."""

    def of_axis_angle(a: Tensor, R: Tensor, *rest: Tensor) -> Tensor:
        return f(R @ matrix_from_axis_angle(a), *rest)

    rows = [space.joints.index(joint) for joint in joints]
    reference = space.rotations[:, list(space.joints)]
    residual, J = linearize(
        of_axis_angle, space.residuals(x)[:, rows], reference[:, rows], *constants
    )
    wide = torch.zeros(*J.shape[:3], space.size, dtype=J.dtype, device=J.device)
    for n, row in enumerate(rows):
        first = 3 * (space.moves + row)
        wide[:, n, :, first : first + 3] = J[:, n]
    return Linearized(residual, wide)
