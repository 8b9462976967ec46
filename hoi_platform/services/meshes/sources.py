"""The mesh files that may be opened: known formats, of sane size, inside the allowed folders."""

import logging
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from trimesh.resolvers import Resolver

from hoi_platform.core.errors import BadInputError

FORMATS: Final = (".obj", ".glb", ".gltf", ".stl", ".ply")
MAX_BYTES: Final = 256 * 2**20
"""Largest mesh file (bytes); chosen."""
log = logging.getLogger(__name__)


def checked_source(source: Path, roots: Sequence[Path], max_bytes: int = MAX_BYTES) -> Path:
    """The real path of a mesh file that may be read; nothing of it is read here.

    Raises BadInputError for an unknown format, a path or symbolic link that leads out of the
    ``roots``, anything that is not a regular file, and a file above ``max_bytes``.
    """
    if source.suffix.lower() not in FORMATS:
        raise BadInputError(
            f"{source}: unknown mesh format {source.suffix or '(no extension)'!r}; allowed are "
            f"{', '.join(FORMATS)}. Export the object in one of them, GLB by preference"
        )
    try:
        real = source.resolve(strict=True)
        info = real.stat()
    except (OSError, RuntimeError) as error:
        raise BadInputError(f"{source}: no such file; check the path") from error
    _check_inside(source, real, roots)
    if not stat.S_ISREG(info.st_mode):
        raise BadInputError(f"{source}: not a regular file; name the mesh file itself")
    if info.st_size > max_bytes:
        raise BadInputError(
            f"{source}: {_megabytes(info.st_size)} is too large for a mesh, at most "
            f"{_megabytes(max_bytes)} are read; decimate it (Blender: Decimate modifier)"
        )
    return real


def _check_inside(source: Path, real: Path, roots: Sequence[Path]) -> None:
    inside = [root.resolve() for root in roots]
    if any(real.is_relative_to(root) for root in inside):
        return
    lexical = source.absolute()
    through_link = any(lexical.is_relative_to(root.absolute()) for root in roots)
    found = f"a symbolic link leads out of it to {real}" if through_link else "it is not in one"
    raise BadInputError(
        f"{source}: meshes are read only from {', '.join(map(str, inside)) or 'no folder'}, but "
        f"{found}; copy the file into an allowed folder"
    )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB"


class FolderResolver(Resolver):
    """Serves the files that a mesh refers to (MTL, textures, buffers) from its own folder only.

    trimesh continues silently when a reference cannot be served, so what was requested is recorded
    here and judged by ``check`` afterwards.
    """

    def __init__(self, source: Path, max_bytes: int) -> None:
        self.folder = source.parent
        self.file_name = source.name
        self.left = max_bytes
        self.served: list[Path] = []
        self.missing: list[str] = []
        self._refused: list[str] = []

    def get(self, key: str) -> bytes:
        name = key.strip().replace("\\", "/")
        path = (self.folder / name).resolve()
        if "://" in name or not path.is_relative_to(self.folder):
            self._refused.append(f"{key.strip()!r} is outside {self.folder}")
            raise FileNotFoundError(key)
        if not path.is_file():
            self.missing.append(name)
            raise FileNotFoundError(key)
        return self._read(path)

    def _read(self, path: Path) -> bytes:
        if path in self.served:
            return path.read_bytes()
        self.left -= path.stat().st_size
        if self.left < 0:
            self._refused.append(f"{path.name!r} makes the mesh and its files too large")
            raise FileNotFoundError(path)
        self.served.append(path)
        return path.read_bytes()

    def check(self) -> None:
        """Raises BadInputError if a file was requested that must not be read."""
        if self._refused:
            raise BadInputError(
                f"{self.folder / self.file_name} refers to files that are not read: "
                f"{'; '.join(self._refused)}; a mesh may only use files in its own folder, so "
                "copy them there and correct the reference, or export one GLB"
            )

    def keys(self) -> list[str]:
        return [str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file()]

    def write(self, name: str, data: object) -> None:
        raise NotImplementedError("sources are never written")

    def namespaced(self, namespace: str) -> "FolderResolver":
        raise NotImplementedError("sources have no archives")
