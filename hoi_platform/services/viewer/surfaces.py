"""Surfaces with looks, read once and shown by VTK and by the 3D page."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.colors import RGB, srgb_from_linear
from hoi_platform.core.errors import BadInputError


@dataclass(frozen=True)
class Surface:
    """Triangles with one color, a color per vertex or a texture; colors are sRGB in [0, 1]."""

    vertices: Array  # (V, 3)
    faces: NDArray[np.integer]  # (F, 3)
    color: RGB = (0.7, 0.7, 0.7)
    vertex_colors: Array | None = None  # (V, 3)
    texture: NDArray[np.uint8] | None = None  # (h, w, 3), first row on top
    uv: Array | None = None  # (V, 2), v upward

    def placed(self, vertices: Array) -> "Surface":
        """The same surface with other positions."""
        return replace(self, vertices=vertices)

    def tinted(self, color: RGB) -> "Surface":
        """The same shape in one color."""
        return replace(self, color=color, vertex_colors=None, texture=None, uv=None)


def load_surfaces(obj: Path, scale: tuple[float, float, float]) -> tuple[Surface, ...]:
    """The materials' parts of a clean OBJ (``services.meshes.obj_writer``), in meters.

    Corners that the file gives different normals or texture coordinates become vertices of
    their own, so that creases stay sharp. Raises BadInputError for an OBJ of another make.
    """
    try:
        lines = obj.read_text(encoding="utf-8").splitlines()
        looks = _materials(obj.parent, lines)
        tables = {tag: _table(lines, tag) for tag in ("v", "vt", "vn")}
        tables["v"] = tables["v"] * np.array(scale)
        return tuple(_part(tables, looks[name], rows) for name, rows in _groups(lines).items())
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise BadInputError(
            f"{obj} is not a clean OBJ ({error!r}); import the mesh with `hoi objects add`"
        ) from error


def _table(lines: list[str], tag: str) -> Array:
    return np.array([line.split()[1:] for line in lines if line.startswith(f"{tag} ")], float)


def _groups(lines: list[str]) -> dict[str, list[list[str]]]:
    """Material → its triangles as three ``v/vt/vn`` corners each."""
    groups: dict[str, list[list[str]]] = {}
    current = groups.setdefault("", [])
    for line in lines:
        if line.startswith("usemtl "):
            current = groups.setdefault(line.split(maxsplit=1)[1], [])
        elif line.startswith("f "):
            current.append(line.split()[1:4])
    return {name: rows for name, rows in groups.items() if rows}


def _part(tables: dict[str, Array], look: Surface, rows: list[list[str]]) -> Surface:
    numbers = [[int(number or 0) for number in corner.split("/")] for row in rows for corner in row]
    corners, faces = np.unique(np.array(numbers), axis=0, return_inverse=True)
    uv = tables["vt"][corners[:, 1] - 1] if look.texture is not None else None
    vertices = tables["v"][corners[:, 0] - 1]
    return replace(look, vertices=vertices, faces=faces.reshape(-1, 3), uv=uv)


def _materials(folder: Path, lines: list[str]) -> dict[str, Surface]:
    """Material → a surface that has its look and no triangles."""
    from PIL import Image

    nothing = Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    looks, name = {"": nothing}, ""
    for library in (line.split(maxsplit=1)[1] for line in lines if line.startswith("mtllib ")):
        for line in (folder / library).read_text(encoding="utf-8").splitlines():
            tag, _, value = line.strip().partition(" ")
            if tag == "newmtl":
                name = value
                looks[name] = nothing
            elif tag == "Kd":
                r, g, b = srgb_from_linear(np.array(value.split(), float)).tolist()
                looks[name] = replace(looks[name], color=(r, g, b))
            elif tag == "map_Kd":
                with Image.open(folder / value) as image:
                    texture = np.asarray(image.convert("RGB"))
                looks[name] = replace(looks[name], texture=texture)
    return looks
