"""What the filter judges: a raw reconstruction and what was known or seen of its clip."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh


@dataclass(frozen=True)
class FilterInput:
    """T frames of H x W pixels; nothing of it is ground truth."""

    data: HoiData
    """In the world of the scene, not packaged."""
    body: BodyModel
    mesh: TriangleMesh
    """The object in meters, in its own frame."""
    camera: Camera
    frames: NDArray[np.uint8]  # (T, H, W, 3)
    object_masks: NDArray[np.bool_]  # (T, H, W), tracked in the video
    human_masks: NDArray[np.bool_]  # (T, H, W)
    plate_depth: Array  # (H, W), meters, of the empty scene
    p_world_rendered_pelvis: Array  # (3,), where the conditioning frame has the person
    T_world_rendered_object: Array  # (4, 4), where it has the object

    def __post_init__(self) -> None:
        T, (height, width) = len(self.data), self.camera.shape
        arrays = {
            "frames": (self.frames, (T, height, width, 3)),
            "object_masks": (self.object_masks, (T, height, width)),
            "human_masks": (self.human_masks, (T, height, width)),
            "plate_depth": (self.plate_depth, (height, width)),
            "p_world_rendered_pelvis": (self.p_world_rendered_pelvis, (3,)),
            "T_world_rendered_object": (self.T_world_rendered_object, (4, 4)),
        }
        for name, (array, shape) in arrays.items():
            if array.shape != shape:
                raise ValueError(f"{name} is {array.shape}, not {shape}")

    def first(self, frames: int) -> "FilterInput":
        """The first frames alone."""
        return replace(
            self,
            data=self.data.first(frames),
            frames=self.frames[:frames],
            object_masks=self.object_masks[:frames],
            human_masks=self.human_masks[:frames],
        )

    @cached_property
    def finite(self) -> bool:
        """Whether every number of the motion and of the object's path is one."""
        return not self.unusable_numbers

    @cached_property
    def unusable_numbers(self) -> int:
        """How many numbers of the result are nan or infinite."""
        data = self.data
        arrays = (data.motion.rotations, data.motion.translation, data.joints, data.Ts_world_object)
        return sum(int((~np.isfinite(array)).sum()) for array in arrays)
