"""Meshes with materials: what is rendered and what is written as a clean OBJ."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int, UInt8

from hoi_platform.core.arrays import Array, Image, Indices
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
    texture: UInt8[Image, "H W 3"] | None = None
    """sRGB image, first row on top; needs UV coordinates with v upward."""


@dataclass(frozen=True, eq=False)
class MeshPart:
    """Triangles of one material."""

    vertices: Float[Array, "V 3"]
    faces: Int[Indices, "F 3"]
    material: Material
    uv: Float[Array, "V 2"] | None = None

    def transformed(self, T: Float[Array, "4 4"]) -> "MeshPart":
        """Mapped by any affine transform; a mirroring one also turns the triangles around."""
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

    def transformed(self, T: Float[Array, "4 4"]) -> "TexturedMesh":
        return TexturedMesh(tuple(part.transformed(T) for part in self.parts))

    def centered(self) -> tuple["TexturedMesh", Float[Array, "3"]]:
        """Moved so that the bounding box is centered on the origin; and the old center."""
        center = self.geometry().bounds.mean(axis=0)
        T = np.eye(4)
        T[:3, 3] = -center
        return self.transformed(T), center
