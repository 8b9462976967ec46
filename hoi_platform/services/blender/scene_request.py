"""Requests to the Blender worker as typed models; large arrays travel as npy files."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from hoi_platform.core.arrays import Array, Vec3
from hoi_platform.core.geometry.shapes import BOX_QUADS
from hoi_platform.core.scene.boxes import part_mesh, scene_parts
from hoi_platform.core.scene.parts import BoxSpec, Material, MeshSpec
from hoi_platform.core.scene.spec import CameraSpec, LightSpec, RoomSpec, SceneSpec

Points = list[list[float]] | str
"""Rows of numbers, or the npy file that holds them."""


class WorkerRequest(BaseModel):
    """One call of an operation of the worker."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    OPERATION: ClassVar[str]


class Still(BaseModel):
    """When a drop may end early: no point strays farther within so many frames."""

    shift: float
    """Bullet's meters."""
    frames: int


class DropRequest(WorkerRequest):
    """One drop of a convex body; lengths and times are Bullet's."""

    OPERATION = "drop"
    points: str
    """npy of (N, 3) about the center of mass."""
    poses: str
    """npy to write: (frames, 4, 4), the first one the start."""
    pose: list[list[float]]
    """(4, 4) of the center of mass at the start."""
    fps: int
    frames: int
    """Number of frames at most."""
    gravity: float
    """m/s²."""
    linear_damping: float
    """Share of the speed that is lost in a second."""
    angular_damping: float
    """Share of the angular speed that is lost in a second."""
    friction: float
    """Coefficient between body and ground."""
    still: Still | None
    """None: every frame is simulated."""
    pad_hz: float | None
    """The ground hangs on a critically damped spring of this frequency; None: it is firm."""


class PartRequest(BaseModel):
    """A standing part: its look and its surface in the world."""

    name: str
    color: Vec3
    material: Material | None
    vertices: Points
    faces: list[tuple[int, int, int, int]] | str
    """Quads, or the npy file of triangles."""


class PersonRequest(BaseModel):
    """The person's mesh, as npy files."""

    vertices: str
    """(V, 3) float32 in the world (m)."""
    faces: str
    """(F, 3) int32."""
    colors: str
    """(V, 3) float32, linear RGB."""
    motion: str | None = None
    """(T, V, 3) float32 in the world (m), where the person moves."""


class ObjectRequest(BaseModel):
    """The object's mesh and pose."""

    obj: str
    """OBJ file in its own units, z up."""
    scale: Vec3
    """Meters per unit."""
    pose: list[list[float]]
    """T_world_object, (4, 4)."""
    motion: str | None = None
    """npy file of (T, 4, 4) poses, where the object moves."""


class RenderRequest(WorkerRequest):
    """What all render operations need."""

    camera: CameraSpec
    room: RoomSpec
    parts: list[PartRequest]
    lights: list[LightSpec]
    person: PersonRequest
    object: ObjectRequest
    gpu: bool


class Shot(BaseModel):
    """One view of a scene: its picture (beauty) or its depth and object index (data)."""

    kind: Literal["beauty", "data"]
    show: list[Literal["person", "object"]]
    out: str
    """Beginning of the names of the files that are written."""
    samples: int = 1
    """Cycles samples per pixel of a picture."""
    denoise: str = ""
    """Quality of a picture's denoising (FAST, BALANCED, HIGH); empty for none."""


class StillRequest(RenderRequest):
    """Several shots of a scene that does not move."""

    OPERATION = "render_still"
    shots: list[Shot]


class PerformanceRequest(RenderRequest):
    """The frames of a person and an object that move."""

    OPERATION = "render_performance"
    folder: str
    """Where the frames are written."""
    samples: int
    """Cycles samples per pixel of a frame."""
    base_samples: int
    """Cycles samples per pixel of the still picture."""
    denoise: str
    border: tuple[int, int, int, int]
    """x0, y0, x1, y1 of the part that changes (px)."""


@dataclass(frozen=True)
class Staged:
    """A scene with its person and object in place."""

    spec: SceneSpec
    vertices: Array
    """(V, 3) of the person in the world (m); (T, V, 3) where the person moves."""
    faces: NDArray[np.integer]
    """(F, 3)."""
    colors: Array
    """(V, 3) linear RGB."""
    object_obj: Path

    def request(self, folder: Path, *, gpu: bool) -> RenderRequest:
        """The first frame's request; its arrays are written into ``folder``."""
        if not self.object_obj.is_file():
            raise FileNotFoundError(self.object_obj)
        spec = self.spec
        vertices = self.vertices[0] if self.vertices.ndim == 3 else self.vertices
        person = PersonRequest(
            vertices=save_array(folder / "vertices.npy", np.asarray(vertices, np.float32)),
            faces=save_array(folder / "faces.npy", np.asarray(self.faces, np.int32)),
            colors=save_array(folder / "colors.npy", np.asarray(self.colors, np.float32)),
        )
        return RenderRequest(
            camera=spec.camera,
            room=spec.room,
            parts=[_part(part, folder / f"part_{i}") for i, part in enumerate(scene_parts(spec))],
            lights=spec.lights,
            person=person,
            object=ObjectRequest(
                obj=str(self.object_obj.resolve()),
                scale=spec.object_scale,
                pose=spec.T_world_object_array().tolist(),
            ),
            gpu=gpu,
        )


def _part(part: BoxSpec | MeshSpec, file: Path) -> PartRequest:
    """Boxes have quads, meshes come as files."""
    mesh = part_mesh(part)
    vertices: Points = mesh.vertices.tolist()
    faces: list[tuple[int, int, int, int]] | str = list(BOX_QUADS)
    if isinstance(part, MeshSpec):
        vertices = save_array(file.with_suffix(".vertices.npy"), mesh.vertices)
        faces = save_array(file.with_suffix(".faces.npy"), mesh.faces.astype(np.int32))
    return PartRequest(
        name=part.name, color=part.color, material=part.material, vertices=vertices, faces=faces
    )


def save_array(path: Path, array: NDArray) -> str:
    """Write an npy and return its path as text, for JSON."""
    np.save(path, array)
    return str(path)
