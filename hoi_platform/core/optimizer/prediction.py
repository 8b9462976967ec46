"""The clip as the current variables predict it; every part is computed on first use."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
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
    def rotations(self) -> Float[Tensor, "T 55 3 3"]:
        """Local rotations."""
        return self.model.rotations @ matrix_from_axis_angle(self.variables.human_pose_res)

    @cached_property
    def translation(self) -> Float[Tensor, "T 3"]:
        """The pelvis."""
        v = self.variables
        return self.model.translation + v.human_trans_global + v.human_trans_res

    @cached_property
    def posed(self) -> Posed:
        return self.model.body.pose(self.rotations, self.translation)

    @cached_property
    def keypoints_px(self) -> Float[Tensor, "T K 2"]:
        """The landmarks in the image."""
        return self.model.projector.project(self.model.keypoints.skin(self.posed))

    @cached_property
    def hands(self) -> Float[Tensor, "T 2 Nh 3"]:
        """Points on the left and the right hand."""
        return self._pairs(self.model.points.hands)

    @cached_property
    def soles(self) -> Float[Tensor, "T 2 Ns 3"]:
        """Points on the left and the right sole."""
        return self._pairs(self.model.points.soles)

    @cached_property
    def skin(self) -> Float[Tensor, "T Nb 3"]:
        """Points on the rest of the body."""
        return self.model.points.skin.skin(self.posed)

    @cached_property
    def R_world_object(self) -> Float[Tensor, "T 3 3"]:
        """The object's orientation."""
        return self.model.R_world_object @ matrix_from_axis_angle(self.variables.obj_R_res)

    @cached_property
    def p_world_center(self) -> Float[Tensor, "T 3"]:
        """The object's center."""
        return self.model.p_world_center + self.variables.obj_t_res

    @cached_property
    def object_points(self) -> Float[Tensor, "T N 3"]:
        """Points on the object's surface."""
        return self.of_object(self.model.object_points)

    def of_object(self, points: Float[Tensor, "*frames N 3"]) -> Float[Tensor, "T N 3"]:
        """Points relative to the object's center, of each frame or of all → world."""
        return points @ self.R_world_object.transpose(-1, -2) + self.p_world_center[:, None]

    def in_object(self, p_world: Float[Tensor, "T N 3"]) -> Float[Tensor, "T N 3"]:
        """World points → object coordinates (the mesh's own)."""
        relative = p_world - self.p_world_center[:, None]
        return relative @ self.R_world_object + self.model.object_center

    def carried(self, surface: Attached) -> tuple[Float[Tensor, "T S 3"], Float[Tensor, "T S 3"]]:
        """World positions and outward normals of attached points."""
        if surface.joint is None:
            turned = surface.normal @ self.R_world_object.transpose(-1, -2)
            return self.of_object(surface.local), turned
        frames = torch.arange(len(surface.joint), device=surface.joint.device)[:, None]
        R = self.posed.R_world_joint[frames, surface.joint]
        point, normal = (R @ torch.stack([surface.local, surface.normal], dim=-1)).unbind(-1)
        return self.posed.joints[frames, surface.joint] + point, normal

    @cached_property
    def Ts_world_object(self) -> Float[Tensor, "T 4 4"]:
        """Poses of the mesh's own frame."""
        T = torch.zeros(len(self.model), 4, 4).to(self.p_world_center)
        T[:, :3, :3] = self.R_world_object
        T[:, :3, 3] = self.p_world_center - self.R_world_object @ self.model.object_center
        T[:, 3, 3] = 1
        return T

    def _pairs(self, part: BodyModel) -> Tensor:
        vertices = part.skin(self.posed)
        return vertices.reshape(len(vertices), 2, -1, 3)
