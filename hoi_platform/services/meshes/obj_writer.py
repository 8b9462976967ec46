"""The clean OBJ that every later stage reads."""

import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.normals import corner_normals
from hoi_platform.core.geometry.textured_mesh import Material, TexturedMesh
from hoi_platform.core.geometry.topology import MeshStatistics, weld_index
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.meshes.importer import ImportedMesh


def write_clean_obj(imported: ImportedMesh, folder: Path) -> MeshStatistics:
    """Write ``model.obj``, ``model.mtl`` and ``texture_<n>.png`` into ``folder``, each whole.

    Triangles only, positions welded across texture seams, normals smooth below a crease angle,
    z up (set forward Y, up Z in Blender's importer), +v upward in the textures, ``Kd``
    linear as Blender reads it. The same mesh always gives the same bytes. ``model.obj`` is
    written last, so that where it exists the rest exists too.
    """
    materials = _unique_materials(imported.mesh)
    for name, data in _texture_files(materials).items():
        write_whole(folder / name, data)
    write_whole(folder / "model.mtl", "".join(map(_mtl_entry, materials, range(len(materials)))))
    write_whole(folder / "model.obj", _obj_text(imported.mesh, materials))
    return MeshStatistics.of(imported.mesh.geometry())


def _unique_materials(mesh: TexturedMesh) -> list[Material]:
    """The materials in order of appearance; parts may share one (by identity)."""
    return list({id(part.material): part.material for part in mesh.parts}.values())


def _slug(material: Material, index: int) -> str:
    return f"m{index}_{re.sub('[^A-Za-z0-9]+', '_', material.name).strip('_')[:40]}"


def _texture_files(materials: list[Material]) -> dict[str, bytes]:
    files = {}
    for index, material in enumerate(materials):
        if material.texture is not None:
            buffer = io.BytesIO()
            Image.fromarray(material.texture).save(buffer, "PNG", compress_level=6)
            files[f"texture_{index}.png"] = buffer.getvalue()
    return files


def _mtl_entry(material: Material, index: int) -> str:
    color = material.color if material.texture is None else (1.0, 1.0, 1.0)
    lines = [
        f"newmtl {_slug(material, index)}",
        "Ka 0 0 0",
        "Kd " + " ".join(f"{c:.6g}" for c in color),
        "Ks 0.5 0.5 0.5",
        f"Ns {1000 * (1 - material.roughness) ** 2:.6g}",
        f"Pr {material.roughness:.6g}",
        f"Pm {material.metallic:.6g}",
        "d 1",
        "illum 2",
    ]
    if material.texture is not None:
        lines.append(f"map_Kd texture_{index}.png")
    return "\n".join(lines) + "\n\n"


def _obj_text(mesh: TexturedMesh, materials: list[Material]) -> str:
    geometry = mesh.geometry()
    index = weld_index(geometry.vertices)
    kept, position = np.unique(index, return_inverse=True)
    faces = position.reshape(-1)[geometry.faces]
    welded = TriangleMesh(geometry.vertices[kept], faces)
    normals, normal_index = corner_normals(welded)
    chunks = [
        "# clean OBJ of hoi_platform: z up\nmtllib model.mtl\no model\n",
        _rows("v", welded.vertices),
        "".join(_rows("vt", part.uv) for part in mesh.parts if part.uv is not None),
        _rows("vn", normals, decimals=4),
    ]
    numbers = {id(material): i for i, material in enumerate(materials)}
    first_face = first_uv = 0
    for part in mesh.parts:
        number = numbers[id(part.material)]
        rows = slice(first_face, first_face + len(part.faces))
        uv_index = None if part.uv is None else part.faces + first_uv
        chunks.append(f"usemtl {_slug(materials[number], number)}\n")
        chunks.append(_face_rows(faces[rows], uv_index, normal_index[rows]))
        first_face += len(part.faces)
        first_uv += 0 if part.uv is None else len(part.uv)
    return "".join(chunks)


def _rows(tag: str, values: Array, decimals: int | None = None) -> str:
    """One line per row; positions keep 9 significant digits (a float32's worth)."""
    form = "%.9g" if decimals is None else f"%.{decimals}f"
    line = " ".join([tag, *[form] * values.shape[1]]) + "\n"
    return "".join(line % tuple(row) for row in (values + 0.0).tolist())


def _face_rows(faces: Indices, uv: Indices | None, normals: Indices) -> str:
    """``f v/vt/vn`` with OBJ's one-based indices; collapsed triangles are left out."""
    a, b, c = faces.T
    keep = (a != b) & (b != c) & (c != a)
    corner = [faces, normals] if uv is None else [faces, uv, normals]
    table = np.stack(corner, axis=-1)[keep].reshape(-1, 3 * len(corner)) + 1
    one = "%d//%d" if uv is None else "%d/%d/%d"
    line = f"f {one} {one} {one}\n"
    return "".join(line % tuple(row) for row in table.tolist())
