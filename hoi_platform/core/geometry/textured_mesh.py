"""Meshes with materials: what is rendered and what is written as a clean OBJ."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.colors import RGB
from hoi_platform.core.geometry.mesh import TriangleMesh


@dataclass(frozen=True, eq=False)
class Material:
    """A surface's look."""

    name: str
    color: RGB = (0.4, 0.4, 0.4)
    """Linear RGB in 0..1; not used where there is a texture."""
    roughness: float = 0.5
    metallic: float = 0.0
    texture: NDArray[np.uint8] | None = None
    """sRGB image (H, W, 3), first row on top; needs UV coordinates with v upward."""


@dataclass(frozen=True, eq=False)
class MeshPart:
    """Triangles of one material."""

    vertices: Array  # (V, 3)
    faces: Indices  # (F, 3)
    material: Material
    uv: Array | None = None  # (V, 2)

    def transformed(self, T: Array) -> "MeshPart":
        """Mapped by any affine (4, 4); a mirroring one also turns the triangles around."""
        faces = self.faces[:, ::-1] if np.linalg.det(T[:3, :3]) < 0 else self.faces
        return replace(self, vertices=self.vertices @ T[:3, :3].T + T[:3, 3], faces=faces)


@dataclass(frozen=True, eq=False)
class TexturedMesh:
    """Parts in one coordinate frame."""

    parts: tuple[MeshPart, ...]

    def geometry(self) -> TriangleMesh:
        """All parts as one mesh, vertices as they stand (seams are not welded)."""
        starts = np.cumsum([0, *(len(part.vertices) for part in self.parts)])
        faces = [part.faces + start for part, start in zip(self.parts, starts, strict=False)]
        vertices = np.concatenate([part.vertices for part in self.parts])
        return TriangleMesh(np.asarray(vertices, float), np.concatenate(faces).astype(np.int64))

    def transformed(self, T: Array) -> "TexturedMesh":
        return TexturedMesh(tuple(part.transformed(T) for part in self.parts))

    def centered(self) -> tuple["TexturedMesh", Array]:
        """Moved so that the bounding box is centered on the origin; and the old center (3,)."""
        center = self.geometry().bounds.mean(axis=0)
        T = np.eye(4)
        T[:3, 3] = -center
        return self.transformed(T), center
