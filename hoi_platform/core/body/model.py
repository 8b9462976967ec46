"""A skinned body of one person: shape is fixed, pose and translation vary per frame."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.body.skeleton import NUM_JOINTS, PARENTS


class _Level(NamedTuple):
    """The joints at one depth of the skeleton's tree."""

    joints: list[int]
    parent_joints: list[int]
    parents: list[int]
    """Indices of the parents within the level above."""


def _levels() -> tuple[list[_Level], list[int]]:
    """The levels below the pelvis, and the index of each joint when they are concatenated."""
    above, levels, order = [0], [], [0]
    while joints := [j for j, parent in enumerate(PARENTS) if parent in above]:
        parent_joints = [PARENTS[j] for j in joints]
        levels.append(_Level(joints, parent_joints, [above.index(p) for p in parent_joints]))
        order += joints
        above = joints
    return levels, [order.index(j) for j in range(NUM_JOINTS)]


_LEVELS, _BY_JOINT = _levels()


class Posed(NamedTuple):
    """A posed body in world coordinates (meters)."""

    joints: Float[Tensor, "T 55 3"]
    R_world_joint: Float[Tensor, "T 55 3 3"]


@dataclass(frozen=True)
class BodyModel:
    """Linear blend skinning on the neutral skeleton; rest frame as in ``core.geometry``.

    ``rest_joints`` has the pelvis at the origin, so that a motion's translation is the pelvis'
    world position and the SMPL-X convention (rotate about the pelvis, then translate) coincide.
    """

    name: str
    rest_vertices: Array  # (V, 3)
    faces: NDArray[np.int64]  # (F, 3)
    rest_joints: Array  # (55, 3)
    weights: Array  # (V, 55), rows sum to one

    def __post_init__(self) -> None:
        if self.rest_joints.shape != (NUM_JOINTS, 3):
            raise ValueError(f"rest_joints is {self.rest_joints.shape}, not ({NUM_JOINTS}, 3)")
        if self.weights.shape != (len(self.rest_vertices), NUM_JOINTS):
            raise ValueError(f"weights is {self.weights.shape}, not (vertices, {NUM_JOINTS})")

    @cached_property
    def height_m(self) -> float:
        """The stature: the extent of the T-pose along its upward axis."""
        return float(np.ptp(self.rest_vertices[:, 1]))

    @cached_property
    def vertex_joint(self) -> Int[Indices, " V"]:
        """The joint that moves each vertex most."""
        return np.argmax(self.weights, axis=1)

    def subset(self, vertices: Int[Indices, " V"]) -> "BodyModel":
        """The same skeleton with only these vertices and no faces: a light model for fitting."""
        return replace(
            self,
            rest_vertices=self.rest_vertices[vertices],
            weights=self.weights[vertices],
            faces=np.zeros((0, 3), dtype=np.int64),
        )

    @cached_property
    def _skinning_basis(self) -> Float[Array, "V joints"]:
        """Vertex = basis @ the joints' stacked transforms, one matrix product."""
        homogeneous = np.concatenate([self.rest_vertices, np.ones((len(self.weights), 1))], axis=1)
        return (self.weights[:, :, None] * homogeneous[:, None, :]).reshape(len(self.weights), -1)

    def pose(
        self, rotations: Float[Tensor, "T 55 3 3"], translation: Float[Tensor, "T 3"]
    ) -> Posed:
        """Forward kinematics: local rotations and pelvis positions in meters.

        Rotations are relative to the parent joint in the axes of the rest pose, the pelvis' to
        the world.
        """
        rest = torch.as_tensor(self.rest_joints, dtype=rotations.dtype, device=rotations.device)
        R, p = [rotations[:, :1]], [(translation + rest[0])[:, None]]
        for level in _LEVELS:
            R_parent = R[-1][:, level.parents]
            offset = rest[level.joints] - rest[level.parent_joints]
            R.append(R_parent @ rotations[:, level.joints])
            p.append(p[-1][:, level.parents] + (R_parent @ offset[..., None])[..., 0])
        return Posed(torch.cat(p, dim=1)[:, _BY_JOINT], torch.cat(R, dim=1)[:, _BY_JOINT])

    def skin(self, posed: Posed) -> Float[Tensor, "T V 3"]:
        """Vertices of a posed body in world coordinates."""
        dtype, device = posed.joints.dtype, posed.joints.device
        rest_joints = torch.as_tensor(self.rest_joints, dtype=dtype, device=device)
        basis = torch.as_tensor(self._skinning_basis, dtype=dtype, device=device)
        offset = posed.joints - (posed.R_world_joint @ rest_joints[..., None])[..., 0]
        R_t = posed.R_world_joint.transpose(-1, -2)
        transforms = torch.cat([R_t, offset[:, :, None]], dim=2)  # (T, 55, 4, 3)
        stacked = transforms.permute(1, 2, 0, 3).reshape(NUM_JOINTS * 4, -1)
        return (basis @ stacked).reshape(len(basis), -1, 3).transpose(0, 1)
