"""The clip as the current variables predict it; every part is computed on first use."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from hoi_platform.core.body.model import BodyModel, Posed
from hoi_platform.core.geometry.torch_rotations import matrix_from_axis_angle
from hoi_platform.core.optimizer.hoi_model import HoiModel
from hoi_platform.core.optimizer.observations import Attached
from hoi_platform.core.optimizer.variables import Variables


@dataclass(frozen=True)
class Prediction:
    """World coordinates in meters; T frames, batched."""

    model: HoiModel
    variables: Variables

    @cached_property
    def rotations(self) -> Tensor:
        """Local rotations (T, 55, 3, 3)."""
        return self.model.rotations @ matrix_from_axis_angle(self.variables.human_pose_res)

    @cached_property
    def translation(self) -> Tensor:
        """The pelvis (T, 3)."""
        v = self.variables
        return self.model.translation + v.human_trans_global + v.human_trans_res

    @cached_property
    def posed(self) -> Posed:
        return self.model.body.pose(self.rotations, self.translation)

    @cached_property
    def keypoints_px(self) -> Tensor:
        """(T, K, 2)."""
        return self.model.projector.project(self.model.keypoints.skin(self.posed))

    @cached_property
    def hands(self) -> Tensor:
        """Points on the left and the right hand (T, 2, Nh, 3)."""
        return self._pairs(self.model.points.hands)

    @cached_property
    def soles(self) -> Tensor:
        """Points on the left and the right sole (T, 2, Ns, 3)."""
        return self._pairs(self.model.points.soles)

    @cached_property
    def skin(self) -> Tensor:
        """Points on the rest of the body (T, Nb, 3)."""
        return self.model.points.skin.skin(self.posed)

    @cached_property
    def R_world_object(self) -> Tensor:
        """(T, 3, 3)."""
        return self.model.R_world_object @ matrix_from_axis_angle(self.variables.obj_R_res)

    @cached_property
    def p_world_center(self) -> Tensor:
        """The object's center (T, 3)."""
        return self.model.p_world_center + self.variables.obj_t_res

    @cached_property
    def object_points(self) -> Tensor:
        """(T, N, 3)."""
        return self.of_object(self.model.object_points)

    def of_object(self, points: Tensor) -> Tensor:
        """Points (N, 3) or (T, N, 3) relative to the object's center → world (T, N, 3)."""
        return points @ self.R_world_object.transpose(-1, -2) + self.p_world_center[:, None]

    def in_object(self, p_world: Tensor) -> Tensor:
        """World points (T, N, 3) → object coordinates (the mesh's own)."""
        relative = p_world - self.p_world_center[:, None]
        return relative @ self.R_world_object + self.model.object_center

    def carried(self, surface: Attached) -> tuple[Tensor, Tensor]:
        """World positions and outward normals (T, S, 3) of attached points."""
        if surface.joint is None:
            turned = surface.normal @ self.R_world_object.transpose(-1, -2)
            return self.of_object(surface.local), turned
        frames = torch.arange(len(surface.joint), device=surface.joint.device)[:, None]
        R = self.posed.R_world_joint[frames, surface.joint]
        point, normal = (R @ torch.stack([surface.local, surface.normal], dim=-1)).unbind(-1)
        return self.posed.joints[frames, surface.joint] + point, normal

    @cached_property
    def Ts_world_object(self) -> Tensor:
        """Poses of the mesh's own frame (T, 4, 4)."""
        T = torch.zeros(len(self.model), 4, 4).to(self.p_world_center)
        T[:, :3, :3] = self.R_world_object
        T[:, :3, 3] = self.p_world_center - self.R_world_object @ self.model.object_center
        T[:, 3, 3] = 1
        return T

    def _pairs(self, part: BodyModel) -> Tensor:
        vertices = part.skin(self.posed)
        return vertices.reshape(len(vertices), 2, -1, 3)
