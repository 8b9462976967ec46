"""What is posed in every iteration: the body's light parts and the object, at their first guess."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.keypoints import keypoint_regressor
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.optimizer.interface import OptimizerInput
from hoi_platform.core.optimizer.points import BodyPoints, body_points

OBJECT_POINTS: Final = 500
"""Number of points on its surface; chosen: 1 cm apart on a hand-sized object."""
_REFERENCE_WIDTH_PX: Final = 1280
"""Pixels; the width of GRAIL's images, so that its weights of errors in pixels apply."""
_NEAREST_M: Final = 0.05
"""Meters; chosen: nothing is that close to the camera."""


@dataclass(frozen=True)
class TensorSpec:
    """Type and device of tensors; called, it makes one from an array."""

    dtype: torch.dtype
    device: torch.device

    def __call__(self, values: NDArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), device=self.device).to(self.dtype)

    def integers(self, values: NDArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), device=self.device).long()

    def booleans(self, values: NDArray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), device=self.device).bool()


@dataclass(frozen=True)
class Projector:
    """A camera in torch (conventions: ``core.geometry``)."""

    T_cam_world: Float[Tensor, "4 4"]
    focal_px: float
    center_px: Float[Tensor, "2"]
    px_at_1280: float
    """Pixels of a 1280 wide image per pixel of this one."""

    @classmethod
    def of(cls, camera: Camera, as_tensor: TensorSpec) -> "Projector":
        center = as_tensor(np.array([camera.width_px, camera.height_px]) / 2)
        scale = _REFERENCE_WIDTH_PX / camera.width_px
        return cls(as_tensor(camera.T_cam_world), camera.focal_px, center, scale)

    @property
    def forward(self) -> Float[Tensor, "3"]:
        """The viewing direction in the world."""
        return self.T_cam_world[2, :3]

    def to_cam(self, p_world: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3"]:
        return p_world @ self.T_cam_world[:3, :3].T + self.T_cam_world[:3, 3]

    def project(self, p_world: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 2"]:
        """World points → pixels. Depth is kept above 5 cm, so that a point that strays
        behind the camera keeps a gradient."""
        p_cam = self.to_cam(p_world)
        return (
            self.focal_px * p_cam[..., :2] / p_cam[..., 2:].clamp(min=_NEAREST_M) + self.center_px
        )


@dataclass(frozen=True)
class HoiModel:
    """Body and object of one clip, with the trajectories that optimization starts from.

    The object turns about ``object_center``, so that a rotation does not move it.
    """

    body: BodyModel
    points: BodyPoints
    keypoints: BodyModel
    """One virtual vertex per keypoint (``KeypointRegressor.points``)."""
    rotations: Float[Tensor, "T 55 3 3"]
    translation: Float[Tensor, "T 3"]
    R_world_object: Float[Tensor, "T 3 3"]
    p_world_center: Float[Tensor, "T 3"]  # where object_center is
    object_center: Float[Tensor, "3"]  # in object coordinates
    object_points: Float[Tensor, "N 3"]  # on the surface, relative to object_center
    projector: Projector

    def __len__(self) -> int:
        return len(self.translation)

    @classmethod
    def of(
        cls,
        inputs: OptimizerInput,
        Ts_world_object: Float[Array, "T 4 4"],
        as_tensor: TensorSpec,
        seed: int,
    ) -> "HoiModel":
        """``Ts_world_object`` is where the object starts from."""
        mesh, motion = inputs.mesh, inputs.human.motion
        center = mesh.surface_centroid
        samples, _ = mesh.sample_surface(OBJECT_POINTS, np.random.default_rng(seed))
        R, t = Ts_world_object[:, :3, :3], Ts_world_object[:, :3, 3]
        return cls(
            inputs.body,
            body_points(inputs.body),
            keypoint_regressor(inputs.body).points,
            as_tensor(motion.rotations),
            as_tensor(motion.translation),
            as_tensor(R),
            as_tensor(R @ center + t),
            as_tensor(center),
            as_tensor(samples - center),
            Projector.of(inputs.camera, as_tensor),
        )
