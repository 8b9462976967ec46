"""A scene as the Blender worker reads it: plain JSON, arrays in npy files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.shapes import BOX_QUADS
from hoi_platform.core.scene.boxes import part_mesh, scene_parts
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec
from hoi_platform.core.scene.spec import SceneSpec


def scene_request(
    spec: SceneSpec,
    folder: Path,
    *,
    vertices: Array,
    faces: NDArray[np.integer],
    colors: Array,
    object_obj: Path,
    gpu: bool,
) -> dict[str, Any]:
    """What all render operations need; ``vertices`` (V, 3) and the arrays go to ``folder``.

    ``colors`` (V, 3) are linear RGB.
    """
    if not object_obj.is_file():
        raise FileNotFoundError(object_obj)
    arrays = {
        "vertices": np.asarray(vertices, np.float32),
        "faces": np.asarray(faces, np.int32),
        "colors": np.asarray(colors, np.float32),
    }
    person = {name: save_array(folder / f"{name}.npy", array) for name, array in arrays.items()}
    return {
        "camera": spec.camera.model_dump(),
        "room": spec.room.model_dump(),
        "parts": [_part(part, folder / f"part_{i}") for i, part in enumerate(scene_parts(spec))],
        "lights": [light.model_dump() for light in spec.lights],
        "person": person,
        "object": {
            "obj": str(object_obj.resolve()),
            "scale": spec.object_scale,
            "pose": spec.T_world_object,
        },
        "gpu": gpu,
    }


def _part(part: BoxSpec | MeshSpec, file: Path) -> dict[str, Any]:
    """A part's look and its surface in the world; boxes have quads, meshes come as files."""
    mesh = part_mesh(part)
    look = {"name": part.name, "color": part.color, "material": part.material}
    if isinstance(part, BoxSpec):
        return look | {"vertices": mesh.vertices.tolist(), "faces": BOX_QUADS}
    vertices, faces = (file.with_suffix(f".{name}.npy") for name in ("vertices", "faces"))
    return look | {
        "vertices": save_array(vertices, mesh.vertices),
        "faces": save_array(faces, mesh.faces.astype(np.int32)),
    }


def save_array(path: Path, array: NDArray) -> str:
    """Write an npy and return its path as text, for JSON."""
    np.save(path, array)
    return str(path)
