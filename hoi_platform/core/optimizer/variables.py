"""The optimized variables: residuals on the trajectories that optimization starts from."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from hoi_platform.core.body.skeleton import NUM_BODY_JOINTS, NUM_JOINTS

if TYPE_CHECKING:
    from torch import Tensor

OBJECT_VARIABLES = frozenset({"obj_t_res", "obj_R_res"})


@dataclass
class Variables:
    """Zero everywhere means the first guess; meters and axis-angles in radians."""

    human_trans_global: "Tensor"  # (3,), added to every frame's translation
    human_trans_res: "Tensor"  # (T, 3)
    human_pose_res: "Tensor"  # (T, 55, 3), R = R_first_guess @ exp(residual) per joint
    obj_t_res: "Tensor"  # (T, 3), moves the object's center in the world
    obj_R_res: "Tensor"  # noqa: N815 - the reference's name; (T, 3), R_first_guess @ exp(residual)

    @classmethod
    def zeros(cls, frames: int, like: "Tensor") -> "Variables":
        shapes = ((3,), (frames, 3), (frames, NUM_JOINTS, 3), (frames, 3), (frames, 3))
        return cls(*(like.new_zeros(shape) for shape in shapes))

    def tensors(self) -> "dict[str, Tensor]":
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def clone(self) -> "Variables":
        return Variables(*(tensor.detach().clone() for tensor in self.tensors().values()))


VARIABLE_NAMES = tuple(field.name for field in fields(Variables))


def mask_fingers(gradient: "Tensor") -> "Tensor":
    """The gradient of human_pose_res with that of the joints beyond the body set to zero."""
    masked = gradient.clone()
    masked[:, NUM_BODY_JOINTS:] = 0
    return masked
