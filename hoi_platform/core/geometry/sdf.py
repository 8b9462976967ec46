"""Signed distance to a mesh on a grid, read by differentiable interpolation."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float32

from hoi_platform.core.arrays import Array, Array32
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import load_arrays, save_arrays
from hoi_platform.core.geometry.closest import ClosestPoints
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.winding import inside_grid

if TYPE_CHECKING:
    from torch import Tensor

_MARGIN_CELLS = 3
"""Cells of the grid around the mesh; chosen: interpolation near the surface needs one."""


@dataclass(frozen=True, eq=False)
class SignedDistanceGrid:
    """Distances (m) at ``origin + index * cell``; negative inside."""

    values: Float32[Array32, "X Y Z"]
    origin: Float[Array, "3"]
    cell: float

    @classmethod
    def of(cls, mesh: TriangleMesh, resolution: int = 48) -> "SignedDistanceGrid":
        """``resolution`` cubic cells along the longest side, three more on every side.

        Distances at the grid points are exact; the sign is ``winding.inside_grid``'s. Takes
        seconds for 10,000 triangles: keep it with ``save``.
        """
        cell = float(mesh.extents.max()) / resolution
        low = mesh.bounds[0] - _MARGIN_CELLS * cell
        counts = np.ceil(mesh.extents / cell).astype(int) + 2 * _MARGIN_CELLS + 1
        axes = tuple(low[k] + cell * np.arange(counts[k]) for k in range(3))
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        distance = ClosestPoints(mesh).query(points)[0].reshape(counts)
        inside = inside_grid(mesh, axes)
        return cls(np.where(inside, -distance, distance).astype(np.float32), low, cell)

    def sample(self, points: "Tensor") -> "Tensor":
        """Points (..., 3) in the mesh's frame → distances (...), differentiable in the points.

        Trilinear inside the grid. Outside, with c the nearest point of the grid's box, it is
        √(|p − c|² + d(c)²): a lower bound, because the object lies in the convex box.
        """
        import torch
        from torch.nn.functional import grid_sample

        values = torch.as_tensor(self.values, dtype=points.dtype, device=points.device)
        low = points.new_tensor(self.origin)
        size = (points.new_tensor(values.shape) - 1) * self.cell
        clamped = torch.minimum(torch.maximum(points, low), low + size)
        unit = 2 * (clamped - low) / size - 1
        at = unit.flip(-1).reshape(1, -1, 1, 1, 3)  # grid_sample counts its axes from the last
        inner = grid_sample(values[None, None], at, padding_mode="border", align_corners=True)
        inner = inner.reshape(points.shape[:-1])
        gap = (points - clamped).square().sum(-1)
        outside = gap > 0
        far = (torch.where(outside, gap, torch.ones_like(gap)) + inner.square()).sqrt()
        return torch.where(outside, far, inner)

    def save(self, path: Path) -> None:
        save_arrays(path, values=self.values, origin=self.origin, cell=self.cell)

    @classmethod
    def load(cls, path: Path) -> "SignedDistanceGrid":
        """Raises BadInputError for a file that ``save`` did not write."""
        try:
            file = load_arrays(path, "signed distance grid")
            values, origin, cell = file["values"], file["origin"], float(file["cell"])
        except (BadInputError, KeyError, TypeError) as error:
            raise BadInputError(f"{path}: not a signed distance grid; delete it") from error
        if values.ndim != 3 or origin.shape != (3,):
            raise BadInputError(f"{path}: a signed distance grid of wrong shape; delete it")
        return cls(values, origin, cell)
