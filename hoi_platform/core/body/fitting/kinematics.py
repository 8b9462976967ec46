"""Positions of skinned points and their derivatives with respect to a frame's unknowns."""

from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hoi_platform.core.body.fitting.variables import PoseSpace, right_jacobian
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import NUM_JOINTS, PARENTS
from hoi_platform.core.geometry.torch_rotations import skew


class Points(NamedTuple):
    """N points in the world and what moves them."""

    p: Tensor  # (T, N, 3) meters
    J: Tensor  # (T, N, 3, P)

    def at(self, rows: list[int]) -> "Points":
        return Points(self.p[:, rows], self.J[:, rows])


def _ancestors() -> Tensor:
    """(55, 55): 1 where the row's joint turns the column's joint (itself included)."""
    turns = np.zeros((NUM_JOINTS, NUM_JOINTS))
    for joint in range(NUM_JOINTS):
        above = joint
        while above >= 0:
            turns[above, joint] = 1.0
            above = PARENTS[above]
    return torch.as_tensor(turns)


_TURNS: Final = _ancestors()


def skinned_points(points: BodyModel, space: PoseSpace, x: Tensor) -> Points:
    """Points of a light body (``KeypointRegressor.points``, ``BodyModel.subset``) at x (T, P).

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
