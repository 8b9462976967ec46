"""The metric scale of an object without a vision model."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hoi_platform.core.arrays import Vec3
from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.mesh import TriangleMesh, load_obj
from hoi_platform.services.meshes.catalogue import Catalogue


@dataclass(frozen=True)
class ObjectScale:
    """Meters per mesh unit along x, y, z, in the reference's ``obj_scale.json``."""

    obj_scale: Vec3
    origin: str
    """``catalogue``, ``real_size_m`` or ``real_world_sizes:<word>``."""
    num_iterations: int = 0
    search_history: tuple[dict[str, object], ...] = ()

    def to_json(self) -> dict[str, object]:
        data = asdict(self)
        return {**data, "obj_scale": [*self.obj_scale], "search_history": [*self.search_history]}


def known_scale(
    object_id: ObjectId, entry: ObjectEntry, mesh_obj: Path, catalogue: Catalogue
) -> ObjectScale:
    """The entry's scale, else that of its real size, else that of its category's.

    Raises BadInputError when none of them is known.
    """
    if entry.obj_scale is not None:
        return ObjectScale(entry.obj_scale, "catalogue")
    mesh = load_obj(mesh_obj)
    if entry.real_size_m is not None:
        return ObjectScale(_uniform(mesh, entry.real_size_m), "real_size_m")
    sizes = catalogue.real_world_sizes()
    word = size_word(object_id.category, sizes)
    scale = scale_from_real_size(mesh, object_id.category, sizes)
    return ObjectScale(scale, f"real_world_sizes:{word}")


def scale_from_real_size(mesh: TriangleMesh, category: str, table: Mapping[str, float]) -> Vec3:
    """The factor that brings the mesh's longest side to its category's real one.

    ``table`` maps words to meters. Raises BadInputError for a category that it does not cover.
    """
    return _uniform(mesh, table[size_word(category, table)])


def size_word(category: str, table: Mapping[str, float]) -> str:
    """The table's word for a category: the longest run of its words, the last one in doubt."""
    words = re.findall(r"[a-z]+", category.lower())
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length, -1, -1):
            phrase = " ".join(words[start : start + length])
            for form in (phrase, phrase.removesuffix("s"), f"{phrase}s"):
                if form in table:
                    return form
    raise BadInputError(
        f"no real-world size for the category {category!r}: none of its words is among the "
        f"{len(table)} of real_world_sizes.yaml; give `--scale` or `--size` to "
        "`hoi objects add`, add the longest side in meters to that file, or let a vision model "
        "find it (skip_step2: false and OPENAI_API_KEY)"
    )


def _uniform(mesh: TriangleMesh, size_m: float) -> Vec3:
    factor = size_m / float(mesh.extents.max())
    return factor, factor, factor


def simulated_scale(entry: ObjectEntry, mesh_obj: Path, nominal_m: float = 0.3) -> Vec3:
    """The scale at which an object is dropped, before a vision model may have been asked.

    Where neither scale nor size is known, the longest side is assumed to be ``nominal_m``: how a
    body rests under gravity does not depend on its size.
    """
    if entry.obj_scale is not None:
        return entry.obj_scale
    return _uniform(load_obj(mesh_obj), entry.real_size_m or nominal_m)
