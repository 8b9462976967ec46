"""A scene as the Blender worker wants it: plain JSON, arrays in npy files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.scene.boxes import scene_boxes
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
        "boxes": [box.model_dump() for box in scene_boxes(spec)],
        "lights": [light.model_dump() for light in spec.lights],
        "person": person,
        "object": {
            "obj": str(object_obj.resolve()),
            "scale": spec.object_scale,
            "pose": spec.T_world_object,
        },
        "gpu": gpu,
    }


def save_array(path: Path, array: NDArray) -> str:
    """Write an npy and return its path as JSON takes it."""
    np.save(path, array)
    return str(path)
