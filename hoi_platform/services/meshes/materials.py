"""From trimesh's visuals to the platform's materials."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hoi_platform.core.arrays import Array
from hoi_platform.core.colors import RGB
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart

MAX_TEXTURE_PX = 4096
"""Longest side of a texture; chosen: no video shows more."""
_UNNAMED: tuple[RGB, ...] = (
    (0.30, 0.12, 0.06),
    (0.06, 0.20, 0.30),
    (0.42, 0.34, 0.10),
    (0.10, 0.26, 0.10),
    (0.28, 0.08, 0.22),
)
"""Linear RGB of parts without a material; chosen: muted, distinct, none of them skin or the room's
colors."""
_PLACEHOLDER = (100, 100, 100, 255)
"""RGBA of the texture that trimesh puts where a file names none; chosen by trimesh."""


def part_of(geometry: Any, index: int) -> MeshPart:
    """One trimesh geometry as a part; colors at vertices or faces are baked into a texture.

    A geometry without any look gets the ``index``-th muted color, so that the groups of a model
    whose MTL is lost stay distinct.
    """
    vertices = np.asarray(geometry.vertices, float)
    faces = np.asarray(geometry.faces, np.int64)
    visual = geometry.visual
    if visual.kind == "texture" and not _is_placeholder(visual.material):
        uv = _usable_uv(visual.uv, len(vertices))
        return MeshPart(vertices, faces, material_of(visual.material, f"part{index}", uv), uv)
    if visual.kind in ("vertex", "face"):
        by_face = visual.kind == "face"
        corner = (
            visual.face_colors[:, None].repeat(3, 1) if by_face else visual.vertex_colors[faces]
        )
        return bake_corner_colors(vertices, faces, corner[..., :3], f"part{index}")
    material = Material(f"part{index}", _UNNAMED[index % len(_UNNAMED)])
    return MeshPart(vertices, faces, material)


def _is_placeholder(material: Any) -> bool:
    """trimesh's stand-in for a material that was not found: four gray pixels."""
    image = getattr(material, "image", None)
    if image is None or image.size != (2, 2):
        return False
    return bool((np.asarray(image.convert("RGBA")) == _PLACEHOLDER).all())


def material_of(source: Any, fallback_name: str, uv: Array | None) -> Material:
    """A trimesh SimpleMaterial or PBRMaterial; its texture only where there are coordinates."""
    pbr = hasattr(source, "baseColorFactor")
    image = source.baseColorTexture if pbr else source.image
    factor = source.baseColorFactor if pbr else source.diffuse
    color = (1.0, 1.0, 1.0) if factor is None else tuple(float(c) / 255 for c in factor[:3])
    texture = None if image is None or uv is None else _pixels(image)
    if texture is not None and pbr and min(color) < 1:
        texture = _tinted(texture, color)  # type: ignore[arg-type]
    return Material(
        name=str(source.name or fallback_name),
        color=color,  # type: ignore[arg-type]
        roughness=_roughness(source, pbr),
        metallic=float(source.metallicFactor or 0.0) if pbr else 0.0,
        texture=texture,
    )


def _roughness(source: Any, pbr: bool) -> float:
    if pbr:
        return float(0.5 if source.roughnessFactor is None else source.roughnessFactor)
    shininess = float((getattr(source, "kwargs", None) or {}).get("Ns") or 250.0)
    return float(1 - np.sqrt(np.clip(shininess / 1000, 0, 1)))


def _usable_uv(uv: Any, count: int) -> Array | None:
    if uv is None or len(uv) != count or not np.isfinite(uv).all():
        return None
    return np.asarray(uv, float)[:, :2]


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    image = image.convert("RGBA")
    image.thumbnail((MAX_TEXTURE_PX, MAX_TEXTURE_PX))
    backdrop = Image.new("RGBA", image.size, (128, 128, 128, 255))
    return np.asarray(Image.alpha_composite(backdrop, image).convert("RGB"))


def _tinted(texture: NDArray[np.uint8], color: RGB) -> NDArray[np.uint8]:
    """Multiplied in linear light, as glTF 2.0 (section 3.9.2) asks; gamma 2.2 for sRGB."""
    linear = (texture / 255.0) ** 2.2 * np.array(color)
    return np.round(255 * linear ** (1 / 2.2)).astype(np.uint8)


def bake_corner_colors(
    vertices: Array, faces: NDArray[np.int64], colors: NDArray[np.uint8], name: str
) -> MeshPart:
    """Corner colors (F, 3, 3) sRGB as a texture: two triangles share one square cell.

    Interpolated linearly over the triangle, as a renderer does with vertex colors, and past its
    edges, so that filtering brings in no foreign color.
    """
    cells = -(-len(faces) // 2)
    columns = int(np.ceil(np.sqrt(cells)))
    cell = int(np.clip(MAX_TEXTURE_PX // columns, 4, 16))
    rows = -(-cells // columns)
    corner_uv, images = _cell_uv(len(faces), columns, rows, cell), _cell_images(colors, cell)
    atlas = np.zeros((rows * columns, cell, cell, 3), np.uint8)
    atlas[: len(images)] = images
    texture = atlas.reshape(rows, columns, cell, cell, 3).swapaxes(1, 2)
    texture = texture.reshape(rows * cell, columns * cell, 3)
    return MeshPart(
        vertices[faces].reshape(-1, 3),
        np.arange(3 * len(faces), dtype=np.int64).reshape(-1, 3),
        Material(name, texture=texture),
        corner_uv.reshape(-1, 2),
    )


def _cell_uv(count: int, columns: int, rows: int, cell: int) -> Array:
    """(count, 3, 2): even triangles in the upper left half of their cell, odd in the lower right.

    The halves keep a texel's distance from their borders.
    """
    high = cell - 0.5
    corners_px = np.array(
        [[[0.5, 0.5], [high - 2, 0.5], [0.5, high - 2]], [[high, high], [2.5, high], [high, 2.5]]]
    )
    face = np.arange(count)
    origin = np.stack([face // 2 % columns, face // 2 // columns], axis=-1) * cell
    px = corners_px[face % 2] + origin[:, None]
    return np.stack([px[..., 0] / (columns * cell), 1 - px[..., 1] / (rows * cell)], axis=-1)


def _cell_images(colors: NDArray[np.uint8], cell: int) -> NDArray[np.uint8]:
    """(cells, cell, cell, 3): both halves filled by linear extrapolation from their corners."""
    pairs = np.concatenate([colors, colors[-1:]])[: 2 * (-(-len(colors) // 2))]
    first, second = pairs[0::2].astype(np.float32), pairs[1::2].astype(np.float32)
    y, x = np.mgrid[0:cell, 0:cell].astype(np.float32)
    ramp = np.stack([x, y], axis=-1) / max(cell - 3, 1)
    mirrored = np.stack([cell - 1 - x, cell - 1 - y], axis=-1) / max(cell - 3, 1)
    images = [
        half[:, None, None, 0]
        + grid[None, ..., :1] * (half[:, 1] - half[:, 0])[:, None, None]
        + grid[None, ..., 1:] * (half[:, 2] - half[:, 0])[:, None, None]
        for half, grid in ((first, ramp), (second, mirrored))
    ]
    upper = (x + y <= cell - 1)[None, ..., None]
    return np.clip(np.round(np.where(upper, *images)), 0, 255).astype(np.uint8)
