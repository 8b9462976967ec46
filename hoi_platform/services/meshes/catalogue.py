"""The objects that can be made into clips: their keys, their meshes, the user's own."""

import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.objects import GraspHint, ObjectEntry, SizesFile
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.licensing import License, stated
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform.services.artifacts.files import move_whole, sync_tree
from hoi_platform.services.meshes.entries import write_objects
from hoi_platform.services.meshes.listing import (
    SIZES_FILE,
    Listing,
    add_hint,
    entry_name,
    nearest,
)
from hoi_platform.services.meshes.source_digest import SourceDigests
from hoi_platform.services.yaml_files import read_config

if TYPE_CHECKING:
    from hoi_platform.core.geometry.topology import MeshStatistics
    from hoi_platform.services.meshes.importer import ImportedMesh

_LIBRARY: Final = "library:"
_LIBRARY_LICENSE: Final = "Apache-2.0"
MOST_UNASKED: Final = 64
"""Objects of a dataset that is registered as a whole on first use, a larger one only on request;
chosen."""


class Catalogue(Listing):
    """The listed objects with their keys and meshes; a user's own can be added and removed."""

    @cached_property
    def _sources(self) -> SourceDigests:
        return SourceDigests(self._user_dir / ".sources")

    def key(self, object_id: ObjectId) -> str:
        """Its partition key; it is registered when it is first asked for."""
        return self.register([object_id])[object_id]

    def by_key(self, key: str) -> ObjectId:
        """The id of a partition key. Raises BadInputError for an unknown one."""
        known = self._registry.objects().get(key)
        if known is not None and self._direct(known) is not None:
            return known
        keys = {known: object_id for object_id, known in self.keys().items()}
        if key in keys:
            return keys[key]
        if "--" in key:
            raise BadInputError(
                f"{key!r} is a key of an earlier version; run `hoi migrate --apply`, which "
                "registers today's, and choose the object again"
            )
        raise BadInputError(
            f"no object with the key {key!r}; {nearest(key, list(keys))}; those of large datasets "
            "are registered with `hoi objects register DATASET`"
        )

    def keys(self) -> dict[ObjectId, str]:
        """The objects of the grid: small datasets, and what was requested of large ones."""
        self.register([])
        entries = self._located()
        return {known: key for known, key in self._registry.keys().items() if known in entries}

    def register(self, wanted: Iterable[ObjectId]) -> dict[ObjectId, str]:
        """The keys of objects; those that have none get one.

        Raises BadInputError for an unknown object and for a dataset that is too large.
        """
        ids, keys = list(wanted), self._registry.keys()
        if ids and all(i in keys and self._direct(i) is not None for i in ids):
            return {object_id: keys[object_id] for object_id in ids}
        located = self._located()
        for object_id in ids:
            if object_id not in located:
                self._find(object_id)
        sizes = Counter(object_id.dataset for object_id in located)
        self._registry.register(i for i in located if sizes[i.dataset] <= MOST_UNASKED)
        return self._registry.register(ids)

    def source_path(self, object_id: ObjectId) -> Path | None:
        """The entry's mesh file; None for an object of the procedural library."""
        located = self._find(object_id)
        source = located.entry.source
        if source is None and object_id.category in BUILDERS:
            return None
        if source is None:
            raise BadInputError(
                f"no mesh for {object_id.path} in {located.file}: it names no source and the "
                f"library has none; {add_hint(object_id)}"
            )
        return None if source.startswith(_LIBRARY) else located.file.parent / source

    def load_mesh(self, object_id: ObjectId) -> "ImportedMesh":
        """The entry's mesh, checked and z-up. Raises BadInputError when it is unusable."""
        from hoi_platform.services.meshes.importer import import_mesh
        from hoi_platform.services.meshes.library import build_library_object

        path = self.source_path(object_id)
        if path is None:
            return build_library_object(self._library_name(object_id))
        return import_mesh(path, up=self.get(object_id).up, roots=[path.parent])

    def grasp(self, object_id: ObjectId) -> GraspHint | None:
        """Where to grasp the object, in the coordinates of ``load_mesh``; None when unknown."""
        from hoi_platform.services.meshes.library import library_object

        entry = self.get(object_id)
        if entry.grasp is None and self.source_path(object_id) is None:
            return library_object(self._library_name(object_id)).grasp
        return entry.grasp

    def license(self, object_id: ObjectId) -> License:
        """The terms of the entry's mesh; of a user's, what its entry says."""
        entry = self.get(object_id)
        own = _LIBRARY_LICENSE if self.source_path(object_id) is None else None
        return stated("mesh", entry.license or own, entry.commercial_ok)

    def source_digest(self, object_id: ObjectId) -> str:
        """SHA-256 of everything that the mesh is made from (files, or the library's source)."""
        from hoi_platform.services.meshes.library import library_fingerprint

        path = self.source_path(object_id)
        if path is None:
            return library_fingerprint(self._library_name(object_id))
        return self._sources.digest(path, self.get(object_id).up)

    def add(
        self,
        object_id: ObjectId,
        entry: ObjectEntry,
        source: Path,
        *,
        roots: Sequence[Path],
        replace: bool = False,
    ) -> "ImportedMesh":
        """Check a mesh, then copy it and its entry in one step; on an error nothing changes.

        Raises BadInputError for a mesh that ``import_mesh`` refuses, an id that is in use (unless
        ``replace``) or differs from another only by case.
        """
        from hoi_platform.services.meshes.importer import import_mesh

        self._check_free(object_id, replace)
        mesh = import_mesh(source, up=entry.up, roots=roots)
        stored = entry.model_copy(
            update={"source": f"mesh/{mesh.files[0].name}", "task": object_id.task}
        )
        self._user_dir.mkdir(parents=True, exist_ok=True)
        target = self._own_folder(object_id)
        folder = self._user_dir / f".{target.name}.{uuid.uuid4().hex}"
        try:
            _copy_sources(mesh.files, folder / "mesh")
            write_objects(folder / "entry.yaml", object_id, stored)
            sync_tree(folder)
            move_whole(folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return mesh

    def remove(self, object_id: ObjectId) -> str | None:
        """Delete a user's entry and its copy of the mesh; clips that were made stay.

        Returns its key, which is never assigned again; None where it had none, or another entry of
        this id keeps it. Raises BadInputError for an unknown id and for a shipped entry.
        """
        located = self._find(object_id)
        if not located.file.is_relative_to(self._user_dir):
            raise BadInputError(
                f"{object_id.path} is not one of your own objects but comes from {located.file}; "
                "edit that file to remove it"
            )
        folder = located.file.parent
        gone = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
        folder.rename(gone)
        shutil.rmtree(gone)
        return None if object_id in self._located() else self._registry.retire(object_id)

    def check(self, object_id: ObjectId) -> "MeshStatistics":
        """Load an object as the pipeline does; raises what would stop it there."""
        from hoi_platform.core.geometry.topology import MeshStatistics

        return MeshStatistics.of(self.load_mesh(object_id).mesh.geometry())

    def category_size(self, category: str) -> tuple[str, float] | None:
        """A category's word in the table of real-world sizes, and its longest side (m)."""
        from hoi_platform.services.meshes.scale import size_word

        sizes = self.real_world_sizes()
        try:
            word = size_word(category, sizes)
        except BadInputError:
            return None
        return word, sizes[word]

    def real_world_sizes(self) -> dict[str, float]:
        """Longest side in meters by category word. Raises ConfigError for a bad file."""
        return read_config(SizesFile, self._config_dir / SIZES_FILE).sizes

    def _own_folder(self, object_id: ObjectId) -> Path:
        """Where a user's entry is, or will be under its new key."""
        located = self._located().get(object_id)
        if located is not None and located.file.is_relative_to(self._user_dir):
            return located.file.parent
        self.register([])
        return self._user_dir / self._registry.register([object_id])[object_id]

    def _library_name(self, object_id: ObjectId) -> str:
        source = self.get(object_id).source
        return source.removeprefix(_LIBRARY) if source else object_id.category

    def _check_free(self, object_id: ObjectId, replace: bool) -> None:
        for known in self._located():
            if entry_name(known) == entry_name(object_id) and (known != object_id or not replace):
                raise BadInputError(
                    f"{known.path} for the task {known.task!r} is in the catalogue already; "
                    "choose another category, or replace it with `hoi objects add --replace`"
                )


def _copy_sources(files: Sequence[Path], folder: Path) -> None:
    """Copies, in the same places relative to the mesh file."""
    for file in files:
        target = folder / file.relative_to(files[0].parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
