"""What lies in the inbox, and whether it has arrived whole.

``<inbox>/<category>.glb``, ``<inbox>/<dataset>/<category>.glb`` or, for meshes with textures beside
them, ``<inbox>/<dataset>/<category>/<any name>.obj``.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.meshes.sources import FORMATS

DATASET: Final = "inbox"
"""Dataset of files that lie in the inbox itself."""
_BEING_WRITTEN: Final = (
    ".part",
    ".partial",
    ".tmp",
    ".crdownload",
    ".download",
    ".filepart",
    ".lock",
)
"""Endings of what is not whole yet."""
_RECEIPTS: Final = (".added.txt", ".rejected.txt")
_STAMP: Final = 16
"""Characters of a stamp; chosen: two looks at one item are compared."""
_COMPANIONS: Final = frozenset(
    {".mtl", ".bin", ".yaml", ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tga"}
)
"""Endings of what belongs to a mesh beside it."""


@dataclass(frozen=True)
class Item:
    """A file, or a folder with one mesh, that becomes one object."""

    path: Path
    dataset: str

    @property
    def category(self) -> str:
        return self.path.name if self.path.is_dir() else self.path.stem

    @property
    def folder(self) -> Path:
        """Where its textures may lie."""
        return self.path if self.path.is_dir() else self.path.parent

    @property
    def meshes(self) -> list[Path]:
        if not self.path.is_dir():
            return [self.path]
        return sorted(file for file in _files(self.path) if file.suffix.lower() in FORMATS)

    @property
    def entry_file(self) -> Path:
        """The object's further fields, if its owner knows any."""
        return self.path.with_name(f"{self.category}.yaml")

    def stamp(self) -> str:
        """Changes with every byte that arrives for it; of names, sizes and times."""
        own = self.path.rglob("*") if self.path.is_dir() else [self.path, *self._beside()]
        return _stamp({*own, self.entry_file})

    def mesh_stamp(self) -> str:
        """Of the meshes alone: what lies beside them may be there for others."""
        return _stamp(set(self.meshes))

    def is_being_written(self) -> bool:
        """Whether a lock, or a part of it, lies beside it or in its folder."""
        names = {file.name for file in self.path.parent.iterdir()}
        marks = {f"{self.path.name}{ending}" for ending in _BEING_WRITTEN}
        if names & {*marks, f".~lock.{self.path.name}#"}:
            return True
        return self.path.is_dir() and any(is_unfinished(f) for f in self.path.rglob("*"))

    def receipt(self, kind: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{kind}.txt")

    def _beside(self) -> Iterator[Path]:
        return (file for file in _files(self.folder) if file.suffix.lower() in _COMPANIONS)


def _stamp(paths: Collection[Path]) -> str:
    """Of files that may vanish while they are looked at."""
    seen = []
    for path in sorted(paths):
        with contextlib.suppress(FileNotFoundError):
            info = path.stat()
            seen += [(str(path), info.st_size, info.st_mtime_ns)] if path.is_file() else []
    return fingerprint_of(seen)[:_STAMP]


def is_unfinished(path: Path) -> bool:
    """A part of a download, a lock, a hidden file."""
    return path.name.startswith((".", "~")) or path.name.lower().endswith(
        (*_BEING_WRITTEN, *_RECEIPTS)
    )


def items_in(inbox: Path) -> list[Item]:
    """Everything that is to become an object, in the order of its path."""
    found = [*_items(inbox, DATASET)]
    for folder in sorted(inbox.iterdir()):
        if _is_folder(folder):
            found += _items(folder, folder.name)
            found += [Item(below, folder.name) for below in folder.iterdir() if _is_folder(below)]
    return sorted(found, key=lambda item: item.path)


def settled(items: list[Item], before: Mapping[str, str]) -> list[Item]:
    """Those that look as they did at the last look, and that nothing is writing."""
    return [
        item
        for item in items
        if before.get(str(item.path)) == item.stamp() and not item.is_being_written()
    ]


def _items(folder: Path, dataset: str) -> Iterator[Item]:
    files = [file for file in _files(folder) if not is_unfinished(file)]
    has_mesh = any(file.suffix.lower() in FORMATS for file in files)
    for file in files:
        if not (has_mesh and file.suffix.lower() in _COMPANIONS):
            yield Item(file, dataset)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file())


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not is_unfinished(path)
