"""The static parts of a scene: their surface, and which of them an object rests on."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.shapes import BoxShape
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec, shape_of
from hoi_platform.core.scene.spec import SceneSpec

Part = BoxSpec | MeshSpec

_LEG_M: Final = 0.05
"""Meters; side of a table's leg, chosen."""
_INSET_M: Final = 0.03
"""Meters between a leg and the table's edge; chosen."""


def with_legs(part: Part) -> list[Part]:
    """A part and the four legs that it stands on, if any."""
    if not isinstance(part, BoxSpec) or not part.legs:
        return [part]
    x, y, _ = np.array(part.size) / 2 - _INSET_M - _LEG_M / 2
    bottom = part.top - part.size[2]
    c, s = np.cos(part.turn_rad[2]), np.sin(part.turn_rad[2])
    legs = [
        BoxSpec(
            pos=(
                part.pos[0] + c * (sx * x) - s * (sy * y),
                part.pos[1] + s * (sx * x) + c * (sy * y),
                bottom / 2,
            ),
            size=(_LEG_M, _LEG_M, bottom),
            turn_rad=(0.0, 0.0, part.turn_rad[2]),
            color=part.color,
            name=f"{part.name}_leg",
            material=None if part.material is None else "upright",
        )
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    return [part, *legs]


def support_parts(spec: SceneSpec) -> list[Part]:
    """Supports with their legs."""
    return [part for support in spec.supports for part in with_legs(support)]


def scene_parts(spec: SceneSpec) -> list[Part]:
    """Supports and furniture, without the room's shell."""
    return [*support_parts(spec), *(part for static in spec.statics for part in with_legs(static))]


def support_mesh(spec: SceneSpec) -> TriangleMesh:
    """The surface of all supports with their legs; empty where there are none."""
    return merged([part_mesh(part) for part in support_parts(spec)])


def part_mesh(part: Part) -> TriangleMesh:
    """Its outward triangles in the world."""
    return shape_of(part).surface()


def box_mesh(box: BoxSpec) -> TriangleMesh:
    """A box as 12 outward triangles."""
    return box.shape().surface()


def room_mesh(size: Array) -> TriangleMesh:
    """The shell of a room of extents (3,), seen from inside."""
    shell = BoxShape(np.array([0.0, 0.0, size[2] / 2]), size).surface()
    return TriangleMesh(shell.vertices, shell.faces[:, ::-1])


def merged(meshes: list[TriangleMesh]) -> TriangleMesh:
    """Several surfaces as one, or an empty one for none; faces keep the meshes' order."""
    if not meshes:
        return TriangleMesh(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return TriangleMesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]),
    )


def static_mesh(spec: SceneSpec) -> TriangleMesh:
    """Everything but the person and the object."""
    parts = [part_mesh(part) for part in scene_parts(spec)]
    return merged([room_mesh(np.array(spec.room.size)), *parts])


def rest_gap(support: Part | None, vertices: Array) -> float:
    """How far an object with world vertices (V, 3) is from resting on a support (m).

    None is the floor: the ground z = 0, without an end.
    """
    if support is None:
        return abs(float(vertices[:, 2].min()))
    return shape_of(support).rest_gap(vertices)


def support_below(supports: Iterable[Part], vertices: Array) -> Part | None:
    """The support that an object is nearest to resting on; None: the floor is nearer."""
    candidates: list[Part | None] = [*supports, None]
    return min(candidates, key=lambda support: rest_gap(support, vertices))
