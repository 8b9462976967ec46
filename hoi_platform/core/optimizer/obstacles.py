"""What bodies and the object must not enter, in torch: the supports of a scene."""

from dataclasses import dataclass
from typing import Final, Protocol

from jaxtyping import Float
from torch import Tensor

from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.geometry.shapes import BoxShape, Shape
from hoi_platform.core.optimizer.hoi_model import TensorSpec

_CELL_M: Final = 0.02
"""Meters; chosen: the interpolated distance errs by a fraction of it."""
_CELLS: Final = (48, 160)
"""Least and greatest number of cells along a mesh's longest side; chosen: 16 MB at most."""


class Obstacle(Protocol):
    """One support."""

    def depth_inside(self, p: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
        """How far world points are below its nearest face; 0 outside (m)."""
        ...


@dataclass(frozen=True)
class BoxObstacle:
    """A box with its own axes."""

    center: Float[Tensor, "3"]
    half: Float[Tensor, "3"]
    R_world_box: Float[Tensor, "3 3"] | None  # None: along the world's axes

    def depth_inside(self, p: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
        """Exact."""
        offset = p - self.center
        local = offset if self.R_world_box is None else offset @ self.R_world_box
        return (self.half - local.abs()).min(dim=-1).values.clamp(min=0)


@dataclass(frozen=True)
class MeshObstacle:
    """A mesh as the grid of its signed distances."""

    grid: SignedDistanceGrid  # in world coordinates

    def depth_inside(self, p: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch"]:
        """Within a fraction of the grid's cell."""
        return (-self.grid.sample(p)).clamp(min=0)


def obstacle_of(shape: Shape, as_tensor: TensorSpec) -> Obstacle:
    """A shape as the optimizer sees it."""
    if isinstance(shape, BoxShape):
        R = shape.R_world_box
        return BoxObstacle(
            as_tensor(shape.center), as_tensor(shape.size / 2), None if R is None else as_tensor(R)
        )
    mesh = shape.surface()
    low, high = _CELLS
    cells = min(high, max(low, round(float(mesh.extents.max()) / _CELL_M)))
    return MeshObstacle(SignedDistanceGrid.of(mesh, cells))
