"""A user's mesh file → a clean mesh in the platform's object frame."""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.textured_mesh import MeshPart, TexturedMesh
from hoi_platform.core.geometry.topology import lonely_faces, weld
from hoi_platform.services.meshes.materials import part_of
from hoi_platform.services.meshes.sources import MAX_BYTES, FolderResolver, checked_source

Up = Literal["y", "z"]
MAX_FACES = 2_000_000
"""Most faces of a mesh; chosen: more take minutes in every stage and change no pixel."""
_FLAT = 1e-6
"""Share of the longest side below which a side counts as zero; chosen at float32's rounding."""
_SOUP_WELD = 1e-4
"""Share of the longest side within which loose triangles count as joined; chosen: scans leave such
gaps."""
_R_Z_UP = {
    "z": np.eye(4),
    "y": np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]),
}
"""Upward axis of the file → rotation to +z up, by definition."""


@dataclass(frozen=True, eq=False)
class ImportedMesh:
    """A checked mesh in object coordinates: z up, its units, origin at the box center."""

    mesh: TexturedMesh
    source: str
    center: Array
    """The origin in the source's (z-up) coordinates (3,)."""
    files: tuple[Path, ...] = ()
    """Everything that was read: the mesh file, then MTL, textures, buffers."""
    missing: tuple[Path, ...] = ()
    """What the mesh refers to and is not there."""
    notes: tuple[str, ...] = ()
    """What was found odd and tolerated, for the user to read."""


def default_up(source: Path) -> Up:
    """glTF is y-up by its specification (2.0, section 3.4); other formats are read as z-up."""
    return "y" if source.suffix.lower() in (".glb", ".gltf") else "z"


def import_mesh(
    source: Path, *, up: Up, roots: Sequence[Path], max_bytes: int = MAX_BYTES
) -> ImportedMesh:
    """Read OBJ, GLB, GLTF, STL or PLY; nothing is written.

    The scene graph is flattened with its transforms, materials, textures and colors are kept,
    ``up="y"`` turns y-up sources to z-up. The size and shape stay as they are, but the origin
    is put at the center of the bounding box (``center`` says where it was), so that poses,
    rotations and tolerances do not depend on where a modeler happened to draw.
    Raises BadInputError for whatever cannot become a graspable object (see ``sources``,
    ``_check_part`` and ``_check_geometry``).
    """
    path = checked_source(source, roots, max_bytes)
    resolver = FolderResolver(path, max_bytes - path.stat().st_size)
    scene = _load_scene(path, resolver)
    parts, notes = _flatten(source, scene)
    mesh = TexturedMesh(tuple(parts))
    _check_geometry(source, mesh, scene)
    centered, center = mesh.transformed(_R_Z_UP[up]).centered()
    if resolver.missing:
        missing = ", ".join(dict.fromkeys(resolver.missing))
        notes.append(f"missing beside the mesh: {missing}; plain colors replace it")
    return ImportedMesh(
        centered,
        path.name,
        center,
        files=(path, *resolver.served),
        missing=tuple(resolver.folder / name for name in resolver.missing),
        notes=tuple(notes),
    )


def _load_scene(path: Path, resolver: FolderResolver) -> Any:
    import trimesh

    with warnings.catch_warnings():
        # numpy only warns when an OBJ's numbers end in garbage, and returns what it got.
        warnings.filterwarnings("error", message="string or file could not be read")
        try:
            kind = path.suffix.lower().removeprefix(".")
            data = io.BytesIO(path.read_bytes())
            scene = trimesh.load_scene(data, file_type=kind, resolver=resolver, process=False)
        except Exception as error:
            resolver.check()
            lost = f"; missing beside it: {', '.join(resolver.missing)}" if resolver.missing else ""
            raise BadInputError(
                f"{path}: not a readable {path.suffix[1:].upper()} mesh "
                f"({type(error).__name__}: {error}){lost}; open it in Blender and export it again"
            ) from error
    resolver.check()
    return scene


def _flatten(source: Path, scene: Any) -> tuple[list[MeshPart], list[str]]:
    """All triangle geometries in the frame of the scene, and what was left out."""
    parts: list[MeshPart] = []
    skipped: dict[str, int] = {}
    for node in sorted(scene.graph.nodes_geometry):
        T, name = scene.graph[node]
        geometry = scene.geometry[name]
        if len(getattr(geometry, "faces", ())):
            part = part_of(geometry, len(parts))
            _check_part(source, part)
            parts.append(part.transformed(np.asarray(T, float)))
        else:
            kind = type(geometry).__name__
            skipped[kind] = skipped.get(kind, 0) + 1
    return parts, [f"left out {count} {kind} without faces" for kind, count in skipped.items()]


def _check_geometry(source: Path, mesh: TexturedMesh, scene: Any) -> None:
    if not mesh.parts:
        points = sum(len(getattr(g, "vertices", ())) for g in scene.geometry.values())
        raise BadInputError(
            f"{source}: no faces, only {points} points; a mesh of triangles is needed "
            "(reconstruct the surface first, e.g. with MeshLab's screened Poisson)"
        )
    whole = mesh.geometry()
    if len(whole.faces) > MAX_FACES:
        raise BadInputError(
            f"{source}: {len(whole.faces)} faces, at most {MAX_FACES} are supported; decimate it"
        )
    extents = whole.extents
    if not extents.max() > 0 or extents.min() < _FLAT * extents.max():
        size = " x ".join(f"{side:g}" for side in extents)
        raise BadInputError(
            f"{source}: zero extent ({size}); an object needs three dimensions to be grasped, "
            "so give it thickness (Blender: Solidify modifier)"
        )
    _check_surface(source, mesh)


def _check_part(source: Path, part: MeshPart) -> None:
    bad = int((~np.isfinite(part.vertices)).any(axis=1).sum())
    if bad:
        raise BadInputError(
            f"{source}: {bad} of {len(part.vertices)} vertices of {part.material.name!r} are NaN "
            "or infinite; coordinates must be finite, so export the mesh again"
        )
    if part.faces.min() < 0 or part.faces.max() >= len(part.vertices):
        raise BadInputError(
            f"{source}: faces refer to vertices that do not exist ({part.faces.min()} to "
            f"{part.faces.max()} of {len(part.vertices)}); export the mesh again"
        )


def _check_surface(source: Path, mesh: TexturedMesh) -> None:
    """Most triangles must have a neighbor: loose ones enclose nothing to settle or to grasp."""
    welded = weld(mesh.geometry(), _SOUP_WELD)
    lonely, count = lonely_faces(welded) if len(welded.faces) else 0, len(welded.faces)
    if count == 0 or lonely > count / 2:
        raise BadInputError(
            f"{source}: a soup of loose triangles ({lonely} of {count} share no edge with another, "
            "at most half may); merge the vertices by distance (Blender: Mesh > Merge) or export "
            "a connected surface"
        )
