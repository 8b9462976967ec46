"""A mesh with its colors, and the turns that neither of them shows."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Float32, Int32, Integer
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Array32
from hoi_platform.core.colors import linear_from_srgb
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.normals import corner_normals
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.symmetry import CONTINUOUS, symmetry_axes
from hoi_platform.core.geometry.textured_mesh import MeshPart, TexturedMesh
from hoi_platform.core.geometry.topology import weld_index

_SAMPLES: Final = 1500
"""Number of points whose colors are compared after a turn; chosen: about 1 cm apart on a tool."""
_COLOR_TOLERANCE: Final = 0.02
"""Mean difference (linear RGB, 0 to 1) below which a turned texture looks the same; chosen."""
_ANGLES_DEG: Final = (10.0, 25.0, 60.0, 130.0)
"""Turns (degrees) that are tried; chosen: no two are a multiple of the same symmetry."""


@dataclass(frozen=True)
class TexturedSurface:
    """Triangles with smooth normals and a diffuse albedo, in meters of the object's frame.

    A face's albedo is its material's texture at the corner texture coordinates (origin at the
    bottom left, repeating) times its tint; both are linear RGB.
    """

    vertices: Float[Array, "V 3"]
    faces: Int32[NDArray[np.int32], "F 3"]
    corner_normals: Float[Array, "F 3 3"]
    corner_uv: Float[Array, "F 3 2"]
    face_tint: Float[Array, "F 3"]
    face_material: Int32[NDArray[np.int32], " F"]
    textures: tuple[Float32[Array32, "_ _ 3"], ...]  # per material, (1, 1, 3) where plain

    @property
    def center(self) -> Float[Array, "3"]:
        """The center of the bounding box."""
        return (self.vertices.min(axis=0) + self.vertices.max(axis=0)) / 2

    @property
    def radius(self) -> float:
        """Largest distance of a vertex from the center."""
        return float(np.linalg.norm(self.vertices - self.center, axis=1).max())

    def normals(
        self, face_ids: Integer[NDArray, " N"], bary: Float[Array, "N 3"]
    ) -> Float[Array, "N 3"]:
        """Unit normals at barycentric coordinates of faces."""
        n = np.einsum("nk,nkc->nc", bary, self.corner_normals[face_ids])
        return n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)

    def albedo(
        self, face_ids: Integer[NDArray, " N"], bary: Float[Array, "N 3"]
    ) -> Float[Array, "N 3"]:
        """Linear RGB at barycentric coordinates of faces."""
        color = self.face_tint[face_ids]
        uv = np.einsum("nk,nkc->nc", bary, self.corner_uv[face_ids])
        material = self.face_material[face_ids]
        for m in np.unique(material):
            chosen = material == m
            color[chosen] *= _lookup(self.textures[m], uv[chosen])
        return color

    def sample(
        self, count: int, rng: np.random.Generator
    ) -> tuple[Integer[NDArray, " count"], Float[Array, "count 3"]]:
        """Area-uniform random places: face ids and barycentric coordinates."""
        a, b, c = np.moveaxis(self.vertices[self.faces], 1, 0)
        area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        face_ids = rng.choice(len(area), size=count, p=area / area.sum())
        bary = rng.dirichlet(np.ones(3), size=count)
        return face_ids, bary

    def positions(
        self, face_ids: Integer[NDArray, " N"], bary: Float[Array, "N 3"]
    ) -> Float[Array, "N 3"]:
        """Points at barycentric coordinates of faces."""
        return np.einsum("nk,nkc->nc", bary, self.vertices[self.faces[face_ids]])


def _lookup(texture: Float32[Array32, "h w 3"], uv: Float[Array, "N 2"]) -> Float[Array, "N 3"]:
    h, w = texture.shape[:2]
    column = np.floor(uv[:, 0] * w).astype(int) % w
    row = np.floor((1.0 - uv[:, 1]) * h).astype(int) % h
    return texture[row, column].astype(float)


def surface_of(mesh: TexturedMesh, scale: Float[Array, "3"], pixel_m: float) -> TexturedSurface:
    """The mesh with its coordinates times ``scale``, its textures as fine as the image.

    ``pixel_m`` is the size of an image's pixel at the object's distance; finer texels are
    averaged, so that one lookup per pixel does not alias.
    """
    scaled = mesh.transformed(np.diag([*scale, 1.0]))
    geometry = scaled.geometry()
    kept, position = np.unique(weld_index(geometry.vertices), return_inverse=True)
    faces = position.reshape(-1)[geometry.faces]
    normals, normal_index = corner_normals(TriangleMesh(geometry.vertices[kept], faces))
    counts = [len(part.faces) for part in scaled.parts]
    plain = [part.material.texture is None for part in scaled.parts]
    tints = [
        part.material.color if p else (1.0, 1.0, 1.0)
        for part, p in zip(scaled.parts, plain, strict=True)
    ]
    return TexturedSurface(
        vertices=geometry.vertices[kept],
        faces=faces.astype(np.int32),
        corner_normals=normals[normal_index],
        corner_uv=np.concatenate([_corner_uv(part) for part in scaled.parts]),
        face_tint=np.repeat(np.array(tints), counts, axis=0),
        face_material=np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        textures=tuple(_texture(part, pixel_m) for part in scaled.parts),
    )


def _corner_uv(part: MeshPart) -> Float[Array, "F 3 2"]:
    return np.zeros((len(part.faces), 3, 2)) if part.uv is None else part.uv[part.faces]


def _texture(part: MeshPart, pixel_m: float) -> Float32[Array32, "h w 3"]:
    """Linear RGB, averaged down to about the pixel's size on the surface."""
    import cv2

    texture = part.material.texture
    if texture is None or part.uv is None:
        return np.ones((1, 1, 3), dtype=np.float32)
    linear = linear_from_srgb(texture / 255.0).astype(np.float32)
    h, w = linear.shape[:2]
    a, b, c = np.moveaxis(part.uv[part.faces] * [w, h], 1, 0)
    texels = 0.5 * np.abs(np.cross(b - a, c - a)).sum()
    area = TriangleMesh(part.vertices, part.faces).areas.sum()
    factor = np.sqrt(texels / max(area, 1e-12)) * pixel_m
    if factor <= 1.0:
        return linear
    size = (max(1, round(w / factor)), max(1, round(h / factor)))
    return np.asarray(cv2.resize(linear, size, interpolation=cv2.INTER_AREA), np.float32).reshape(
        size[1], size[0], 3
    )


def unseen_axes(surface: TexturedSurface, rng: np.random.Generator) -> Float[Array, "K 3"]:
    """Unit axes of the object about which neither its shape nor its colors show a turn."""
    mesh = TriangleMesh(surface.vertices, surface.faces.astype(np.int64))
    axes = [axis for axis in symmetry_axes(mesh) if axis.order == CONTINUOUS]
    if not axes:
        return np.zeros((0, 3))
    face_ids, bary = surface.sample(_SAMPLES, rng)
    points, colors = surface.positions(face_ids, bary), surface.albedo(face_ids, bary)
    plain = [axis.axis for axis in axes if _looks_alike(points - axis.point, colors, axis.axis)]
    return np.array(plain).reshape(-1, 3)


def _looks_alike(
    points: Float[Array, "N 3"], colors: Float[Array, "N 3"], axis: Float[Array, "3"]
) -> bool:
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    floor = np.abs(colors - colors[tree.query(points, k=2)[1][:, 1]]).mean()
    for angle in np.radians(_ANGLES_DEG):
        nearest = tree.query(points @ matrix_from_axis_angle(axis * angle).T)[1]
        if np.abs(colors - colors[nearest]).mean() > floor + _COLOR_TOLERANCE:
            return False
    return True
