"""The procedural library as imported meshes."""

import hashlib
from difflib import get_close_matches
from functools import cache
from importlib import resources

import numpy as np

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.services.meshes.importer import ImportedMesh


def build_library_object(category: str) -> ImportedMesh:
    """One of the library's objects, z up, in the units that the catalog's scale turns to meters.

    Raises BadInputError for a name that is not in the library.
    """
    return ImportedMesh(library_object(category).mesh, f"library:{category}", np.zeros(3))


@cache
def library_object(category: str) -> LibraryObject:
    """The object with its grasp, origin at the center of the bounding box."""
    if category not in BUILDERS:
        close = get_close_matches(category, BUILDERS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise BadInputError(
            f"the library has no {category!r}; {hint}it has {', '.join(sorted(BUILDERS))}; "
            "add your own mesh with `hoi objects add`"
        )
    return BUILDERS[category]().centered()


@cache
def library_fingerprint() -> str:
    """SHA-256 of the library's source: its objects are stale when a builder changes."""
    digest = hashlib.sha256()
    folder = resources.files("hoi_platform.core.scene.library")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".py"):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
