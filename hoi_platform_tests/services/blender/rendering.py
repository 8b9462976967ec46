"""A small scene to render: a cube on a table, and a column where a person would stand."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import trimesh
from numpy.typing import NDArray

from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.boxes import box_mesh
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.spec import CameraSpec, LightSpec, RoomSpec, SceneSpec
from hoi_platform.services.blender.render import ConditioningRender
from hoi_platform.services.blender.scene_request import Staged

W, H, F = 112, 64, 105.0
CONFIG = RenderingConfig(width=W, height=H, samples=4)
SIDE = 0.3


def camera_of_tests() -> Camera:
    return look_at(W, H, F, np.array([1.6, 2.1, 1.5]), np.array([0.0, 0.1, 0.7]), roll=0.1)


def cube_scene(camera: Camera) -> SceneSpec:
    return SceneSpec(
        clip_id="test/cube/stick_room_rand00001",
        scene="room",
        character="stick",
        seed=1,
        camera=CameraSpec.of(camera),
        room=RoomSpec(),
        supports=[BoxSpec(pos=(0.0, 0.4, 0.6), size=(0.8, 0.5, 0.04), name="table", legs=True)],
        statics=[BoxSpec(pos=(-1.5, -2.0, 0.5), size=(1.0, 0.4, 1.0), name="cabinet")],
        lights=[LightSpec(pos=(0.5, 1.0, 2.6), target=(0, 0, 0.5), size_m=1.0, power_w=150.0)],
        object_scale=(SIDE, SIDE, SIDE),
        T_world_object=rigid(
            matrix_from_axis_angle(np.array([0.1, 0.2, 0.5])), np.array([0.0, 0.4, 0.9])
        ).tolist(),
        T_world_person=np.eye(4).tolist(),
    )


def unit_cube(folder: Path) -> Path:
    mesh = box_mesh(BoxSpec(pos=(0.0, 0.0, 0.0), size=(1.0, 1.0, 1.0)))
    lines = ["v {} {} {}".format(*v) for v in mesh.vertices]
    lines += ["f {} {} {}".format(*f) for f in mesh.faces + 1]
    path = folder / "model.obj"
    path.write_text("\n".join(lines))
    return path


def column() -> TriangleMesh:
    """A smooth column where a person would stand."""
    column = trimesh.creation.capsule(height=1.0, radius=0.15, count=[16, 16])
    vertices = np.asarray(column.vertices) - [0, 0, column.vertices[:, 2].min()]
    return TriangleMesh(vertices, np.asarray(column.faces, np.int64))


def colors_of(mesh: TriangleMesh) -> NDArray:
    return np.tile([0.1, 0.2, 0.6], (len(mesh.vertices), 1))


def staged(spec: SceneSpec, person: TriangleMesh, folder: Path) -> Staged:
    """The scene with the person and the cube of ``folder``."""
    colors = colors_of(person)
    return Staged(spec, person.vertices, person.faces, colors, folder / "model.obj")


class Conditioning(NamedTuple):
    """A rendered conditioning frame and what was rendered."""

    spec: SceneSpec
    person: TriangleMesh
    render: ConditioningRender
    folder: Path
    """Holds ``model.obj``, the cube, and ``out``, the render's files."""
