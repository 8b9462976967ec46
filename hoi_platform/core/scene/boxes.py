"""The static boxes of a scene and their surface: the same for Cycles, ray casting and viewers."""

from typing import Final

import numpy as np

from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.scene.spec import BoxSpec, SceneSpec

_LEG_M: Final = 0.05
_INSET_M: Final = 0.03

# Corner i has the sign of bit 0, 1, 2 along x, y, z; triangles counter-clockwise from outside.
_QUADS: Final = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
_FACES: Final = np.array([t for a, b, c, d in _QUADS for t in ((a, b, c), (a, c, d))])
_CORNERS: Final = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)]) - 0.5


def table_boxes(table: BoxSpec) -> list[BoxSpec]:
    """The table's top and its four legs."""
    x, y, _ = np.array(table.size) / 2 - _INSET_M - _LEG_M / 2
    bottom = table.top - table.size[2]
    legs = [
        BoxSpec(
            pos=(table.pos[0] + sx * x, table.pos[1] + sy * y, bottom / 2),
            size=(_LEG_M, _LEG_M, bottom),
            color=table.color,
            name="table_leg",
        )
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    return [table.model_copy(update={"name": "table"}), *legs]


def scene_boxes(spec: SceneSpec) -> list[BoxSpec]:
    """Table and furniture, without the room's shell."""
    return [*table_boxes(spec.table), *spec.furniture]


def box_mesh(box: BoxSpec) -> TriangleMesh:
    """A box as 12 outward triangles."""
    return TriangleMesh(_CORNERS * np.array(box.size) + np.array(box.pos), _FACES.copy())


def room_mesh(size: Array) -> TriangleMesh:
    """The shell of a room of extents (3,), seen from inside."""
    shell = box_mesh(BoxSpec(pos=(0.0, 0.0, size[2] / 2), size=(size[0], size[1], size[2])))
    return TriangleMesh(shell.vertices, shell.faces[:, ::-1])


def merged(meshes: list[TriangleMesh]) -> TriangleMesh:
    """Several surfaces as one; faces keep the meshes' order."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    return TriangleMesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]),
    )


def static_mesh(spec: SceneSpec) -> TriangleMesh:
    """Everything but the person and the object."""
    boxes = [box_mesh(box) for box in scene_boxes(spec)]
    return merged([room_mesh(np.array(spec.room.size)), *boxes])
