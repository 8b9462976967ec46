"""The unknowns of a fit: pelvis offsets and axis-angle residuals on the first frame's pose."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hoi_platform.core.body.model import BodyModel, Posed
from hoi_platform.core.geometry.torch_rotations import matrix_from_axis_angle, skew


@dataclass(frozen=True)
class PoseSpace:
    """Which unknowns a frame has: x (P,) = [pelvis offset (3) if ``moves``, residual per joint].

    A free joint's local rotation is ``R_reference @ exp(residual)``, so x = 0 is the reference.
    The reference may differ from frame to frame.
    """

    body: BodyModel
    rotations: Tensor  # (T, 55, 3, 3) the reference
    translation: Tensor  # (T, 3)
    joints: tuple[int, ...]
    moves: bool

    @property
    def size(self) -> int:
        """P, the number of unknowns per frame."""
        return 3 * (self.moves + len(self.joints))

    @property
    def frames(self) -> int:
        return len(self.translation)

    def residuals(self, x: Tensor) -> Tensor:
        """The axis-angle residuals (T, J, 3) in x (T, P)."""
        return x[:, 3 * self.moves :].reshape(len(x), len(self.joints), 3)

    def pose(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Local rotations (T, 55, 3, 3) and pelvis positions (T, 3)."""
        rotations = self.rotations.clone()
        index = list(self.joints)
        rotations[:, index] = rotations[:, index] @ matrix_from_axis_angle(self.residuals(x))
        return rotations, self.translation + x[:, :3] if self.moves else self.translation

    def posed(self, x: Tensor) -> Posed:
        """Forward kinematics of x."""
        return self.body.pose(*self.pose(x))


def right_jacobian(axis_angle: Tensor) -> Tensor:
    """J with exp(a + δ) = exp(a) exp(J δ) to first order, (..., 3) → (..., 3, 3).

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


def indices_of(joints: Sequence[int], among: tuple[int, ...]) -> list[int]:
    """Where joints stand among the free ones; raises ValueError when one is not free."""
    return [among.index(joint) for joint in joints]
