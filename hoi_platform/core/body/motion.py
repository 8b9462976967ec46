"""A motion of the neutral skeleton: local rotations and pelvis positions per frame."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.geometry.rotations import axis_angle_from_matrix, matrix_from_axis_angle


@dataclass(frozen=True)
class BodyMotion:
    """T frames of local rotations and pelvis translations; see ``BodyModel.pose``."""

    rotations: Array  # (T, 55, 3, 3)
    translation: Array  # (T, 3), meters
    fps: float

    def __post_init__(self) -> None:
        T = len(self.translation)
        if self.rotations.shape != (T, NUM_JOINTS, 3, 3) or self.translation.shape != (T, 3):
            raise ValueError(
                f"rotations {self.rotations.shape} and translation {self.translation.shape} "
                f"are not ({T}, {NUM_JOINTS}, 3, 3) and ({T}, 3)"
            )

    def __len__(self) -> int:
        return len(self.translation)

    def __getitem__(self, frames: slice) -> "BodyMotion":
        return replace(self, rotations=self.rotations[frames], translation=self.translation[frames])

    @property
    def axis_angle(self) -> Float[Array, "T 55 3"]:
        """In radians."""
        return axis_angle_from_matrix(self.rotations)

    @classmethod
    def from_axis_angle(cls, poses: Array, translation: Array, fps: float) -> "BodyMotion":
        """``poses`` (T, 55, 3) or (T, 165) in radians."""
        poses = np.asarray(poses, float).reshape(len(translation), NUM_JOINTS, 3)
        return cls(matrix_from_axis_angle(poses), np.asarray(translation, float), fps)

    def transformed(self, T_new_old: Float[Array, "4 4"]) -> "BodyMotion":
        """The same motion seen in another frame, e.g. ``T_cam_world``."""
        R, t = T_new_old[:3, :3], T_new_old[:3, 3]
        rotations = self.rotations.copy()
        rotations[:, 0] = R @ rotations[:, 0]
        return replace(self, rotations=rotations, translation=self.translation @ R.T + t)

    def joints(self, body: BodyModel) -> Float[Array, "T 55 3"]:
        """Joint positions."""
        return body.pose(*self._tensors()).joints.numpy()

    def vertices(self, body: BodyModel) -> Float[Array, "T V 3"]:
        """Skinned vertices."""
        return body.skin(body.pose(*self._tensors())).numpy()

    def _tensors(self) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.as_tensor(self.rotations), torch.as_tensor(self.translation)
