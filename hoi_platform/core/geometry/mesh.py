"""Triangle meshes as plain arrays: what physics, contact, tracking and optimization see."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.errors import BadInputError


@dataclass(frozen=True, eq=False)
class TriangleMesh:
    """A surface of triangles, counter-clockwise seen from outside."""

    vertices: Float[Array, "V 3"]
    faces: Int[Indices, "F 3"]

    @property
    def triangles(self) -> Float[Array, "F 3 3"]:
        """Corner coordinates."""
        return self.vertices[self.faces]

    @property
    def area_vectors(self) -> Float[Array, "F 3"]:
        """The outward normal of each face times its area."""
        corners = self.triangles
        return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2

    @property
    def areas(self) -> Float[Array, " F"]:
        return np.linalg.norm(self.area_vectors, axis=1)

    @property
    def face_normals(self) -> Float[Array, "F 3"]:
        """Unit normals; zero for faces without area."""
        vectors = self.area_vectors
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-300)

    @property
    def bounds(self) -> Float[Array, "2 3"]:
        """Least and greatest coordinates."""
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    @property
    def extents(self) -> Float[Array, "3"]:
        """Side lengths of the axis-aligned bounding box."""
        return np.ptp(self.bounds, axis=0)

    @property
    def surface_centroid(self) -> Float[Array, "3"]:
        """The area-weighted mean of the surface."""
        return np.average(self.triangles.mean(axis=1), axis=0, weights=self.areas)

    def scaled(self, scale: float | tuple[float, float, float] | Array) -> "TriangleMesh":
        """Every coordinate times ``scale`` (one factor or one per axis, all positive)."""
        return TriangleMesh(self.vertices * np.asarray(scale, float), self.faces)

    def transformed(self, T: Float[Array, "4 4"]) -> "TriangleMesh":
        """Mapped by a rigid transform."""
        return TriangleMesh(self.vertices @ T[:3, :3].T + T[:3, 3], self.faces)

    def sample_surface(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[Array, "n 3"], Float[Array, "n 3"]]:
        """``n`` points uniform by area, with the unit normals of their faces."""
        points, face = self.sample_faces(n, rng)
        return points, self.face_normals[face]

    def sample_faces(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[Array, "n 3"], Int[Indices, " n"]]:
        """``n`` points uniform by area, with the index of the face of each.

        Uniform in a triangle by the square-root map (Osada et al. 2002, "Shape distributions",
        eq. 1). Raises ValueError when the mesh has no area.
        """
        areas = self.areas
        if not areas.sum() > 0:
            raise ValueError("a mesh without area cannot be sampled")
        face = rng.choice(len(areas), size=n, p=areas / areas.sum())
        root, along = np.sqrt(rng.random(n)), rng.random(n)
        weights = np.stack([1 - root, root * (1 - along), root * along], axis=-1)
        return np.einsum("nk,nkd->nd", weights, self.triangles[face]), face


def load_obj(path: Path, scale: float | tuple[float, float, float] = 1.0) -> TriangleMesh:
    """Read the positions and triangles of a clean OBJ, as ``write_clean_obj`` makes it.

    Raises BadInputError for a file without triangles or with other polygons.
    """
    positions: list[list[str]] = []
    faces: list[list[str]] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("v "):
                positions.append(line.split()[1:4])
            elif line.startswith("f "):
                faces.append([corner.partition("/")[0] for corner in line.split()[1:]])
    if not faces or any(len(face) != 3 for face in faces):
        raise BadInputError(
            f"{path}: found {len(faces)} faces, not all of them triangles; "
            "import the mesh with `hoi objects add` to get a clean OBJ"
        )
    mesh = TriangleMesh(np.array(positions, float), np.array(faces, np.int64) - 1)
    return mesh.scaled(scale)
