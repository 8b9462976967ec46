"""The complete, privileged description of one clip's scene: what ``scene_render`` fixes.

It is written as JSON beside the render; Blender draws it and every later stage reads it.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array

Vec3 = tuple[float, float, float]
Matrix4 = Annotated[list[list[float]], Field(min_length=4, max_length=4)]


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraSpec(_Spec):
    """A ``core.geometry.camera.Camera`` in JSON."""

    width_px: int
    height_px: int
    focal_px: float
    T_world_cam: Matrix4

    def camera(self) -> Camera:
        return Camera(self.width_px, self.height_px, self.focal_px, np.array(self.T_world_cam))

    @classmethod
    def of(cls, camera: Camera) -> "CameraSpec":
        return cls.model_validate(camera.to_json())


class BoxSpec(_Spec):
    """An axis-aligned box in the world: ``pos`` is its center, ``size`` its full extents (m)."""

    pos: Vec3
    size: Vec3
    color: Vec3 = (0.6, 0.45, 0.3)
    name: str = "box"

    @property
    def top(self) -> float:
        """The height of its upper face (m)."""
        return self.pos[2] + self.size[2] / 2


class LightSpec(_Spec):
    """An area light; ``power_w`` is Blender's radiant power in watts."""

    pos: Vec3
    target: Vec3
    size_m: float
    power_w: float
    color: Vec3 = (1.0, 1.0, 1.0)


class RoomSpec(_Spec):
    """A box room whose floor is z = 0 and centered on the origin; colors are linear RGB."""

    size: Vec3 = (6.0, 6.0, 2.8)
    floor_color: Vec3 = (0.35, 0.27, 0.2)
    wall_color: Vec3 = (0.62, 0.62, 0.58)


class SceneSpec(_Spec):
    """Everything that a clip's images depend on, but for the person's motion."""

    schema_version: Literal[1] = 1
    clip_id: str
    scene: str
    character: str
    seed: int
    stance_seed: int | None = None
    """What the person's stance at frame 0 is drawn with; None in files of earlier versions."""
    camera: CameraSpec
    room: RoomSpec
    table: BoxSpec
    """The table top; its legs are drawn by the renderer."""
    furniture: list[BoxSpec] = []
    lights: list[LightSpec]
    object_scale: Vec3
    T_world_object: Matrix4
    """Pose of the (scaled) object at frame 0."""
    T_world_person: Matrix4
    """Where the person stands: origin on the ground between the feet, +y of it the facing."""

    def T_world_object_array(self) -> Array:
        return np.array(self.T_world_object)
