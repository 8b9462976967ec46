"""A skinned body of one person: shape is fixed, pose and translation vary per frame."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi_platform.core.body.skeleton import NUM_JOINTS, PARENTS
from hoi_platform.core.geometry.rotations import Array


class Posed(NamedTuple):
    """A posed body in world coordinates (meters)."""

    joints: Tensor  # (T, 55, 3)
    R_world_joint: Tensor  # (T, 55, 3, 3)


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
    def vertex_joint(self) -> NDArray[np.int64]:
        """(V,) the joint that moves each vertex most."""
        return np.argmax(self.weights, axis=1)

    def subset(self, vertices: NDArray[np.int64]) -> "BodyModel":
        """The same skeleton with only these vertices and no faces: a light model for fitting."""
        return replace(
            self,
            rest_vertices=self.rest_vertices[vertices],
            weights=self.weights[vertices],
            faces=np.zeros((0, 3), dtype=np.int64),
        )

    def pose(self, rotations: Tensor, translation: Tensor) -> Posed:
        """Forward kinematics: local rotations (T, 55, 3, 3) and pelvis positions (T, 3) in meters.

        Rotations are relative to the parent joint in the axes of the rest pose, the pelvis' to
        the world.
        """
        rest = torch.as_tensor(self.rest_joints, dtype=rotations.dtype, device=rotations.device)
        R, p = [rotations[:, 0]], [translation + rest[0]]
        for joint, parent in enumerate(PARENTS[1:], start=1):
            R.append(R[parent] @ rotations[:, joint])
            p.append(p[parent] + (R[parent] @ (rest[joint] - rest[parent])))
        return Posed(torch.stack(p, dim=1), torch.stack(R, dim=1))

    def skin(self, posed: Posed) -> Tensor:
        """Vertices (T, V, 3) of a posed body in world coordinates."""
        dtype, device = posed.joints.dtype, posed.joints.device
        rest_joints = torch.as_tensor(self.rest_joints, dtype=dtype, device=device)
        weights = torch.as_tensor(self.weights, dtype=dtype, device=device)
        vertices = torch.as_tensor(self.rest_vertices, dtype=dtype, device=device)
        offset = posed.joints - (posed.R_world_joint @ rest_joints[..., None])[..., 0]
        transforms = torch.cat([posed.R_world_joint, offset[..., None]], dim=-1)  # (T, 55, 3, 4)
        frames = len(transforms)
        blended = (weights @ transforms.reshape(frames, NUM_JOINTS, 12)).reshape(frames, -1, 3, 4)
        return (blended[..., :3] @ vertices[..., None])[..., 0] + blended[..., 3]
