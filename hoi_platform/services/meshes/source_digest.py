"""The identity of a mesh's source: the contents of its file and of all that it refers to.

To know what a mesh refers to, it has to be imported. What was found is kept with the state of every
file, so that a mesh is imported again only when one of them changed, appeared or vanished.
"""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from hoi_platform.services.artifacts.file_state import settled, state_of
from hoi_platform.services.artifacts.files import write_whole

FORM: Final = 1
"""Number of what is kept; chosen: raised when the importer reads other files of a mesh."""


class SourceDigests:
    """Digests of meshes, kept in a folder that may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digest(self, mesh: Path, up: Literal["y", "z"]) -> str:
        """SHA-256 of everything that is read of a mesh. Raises BadInputError for an unusable one.

        ``up`` does not change what is read.
        """
        name = hashlib.sha256(str(mesh.absolute()).encode()).hexdigest()[:32]
        kept = self._folder / f"{name}.json"
        if (known := _known(kept)) is not None:
            return known
        from hoi_platform.services.meshes.importer import import_mesh

        # Before anything is read: a file that changes meanwhile has another state afterwards.
        before = state_of(mesh)
        found = import_mesh(mesh, up=up, roots=[mesh.parent])
        states = _states([*found.files, *found.missing])
        digest = _digest(found.files)
        if before == state_of(mesh) and states == _states([*found.files, *found.missing]):
            self._keep(kept, digest, states)
        return digest

    def _keep(self, kept: Path, digest: str, states: dict[str, Any]) -> None:
        """A folder that cannot be written makes the next look slower, and nothing else."""
        if all(state is None or settled(tuple(state)) for state in states.values()):
            with contextlib.suppress(OSError):
                held = {"form": FORM, "digest": digest, "states": states}
                write_whole(kept, json.dumps(held), sync=False)


def _known(kept: Path) -> str | None:
    """The digest of before, if all files are as they were; None for a damaged file, too."""
    try:
        held = json.loads(kept.read_bytes())
        same = held["states"] == _states([Path(name) for name in held["states"]])
        return str(held["digest"]) if same and held["form"] == FORM else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _states(files: Sequence[Path]) -> dict[str, Any]:
    """As JSON gives them back."""
    found = {str(file): state_of(file) for file in files}
    return {name: None if state is None else list(state) for name, state in found.items()}


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
