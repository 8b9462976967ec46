"""The procedural library as imported meshes."""

import hashlib
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.services.meshes.importer import ImportedMesh

_SHARED_MODULES: Final = ("base", "shapes", "textures")


def build_library_object(category: str) -> ImportedMesh:
    """One of the library's objects, z up, in the units that the catalogue's scale turns to meters.

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
def library_fingerprint(category: str) -> str:
    """SHA-256 of the source that builds an object: its own file and what all objects share.

    A new object leaves the others as they are.
    """
    folder = resources.files("hoi_platform.core.scene.library")
    own = BUILDERS[category].__module__.rpartition(".")[2]
    digest = hashlib.sha256()
    for module in (own, *_SHARED_MODULES):
        digest.update((folder / f"{module}.py").read_bytes() + b"\0")
    return digest.hexdigest()
