"""The complete, privileged description of one clip's scene: what ``scene_render`` fixes.

It is written as JSON beside the render; Blender draws it and every later stage reads it.
"""

from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, model_validator

from hoi_platform.core.arrays import Array, Vec3
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.scene.parts import PartSpec, Spec

SCHEMA_VERSION: Final = 2
Matrix4 = Annotated[list[list[float]], Field(min_length=4, max_length=4)]


class CameraSpec(Spec):
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


class LightSpec(Spec):
    """An area light; ``power_w`` is Blender's radiant power in watts."""

    pos: Vec3
    target: Vec3
    size_m: float
    power_w: float
    color: Vec3 = (1.0, 1.0, 1.0)


class RoomSpec(Spec):
    """A box room whose floor is z = 0 and centered on the origin; colors are linear RGB."""

    size: Vec3 = (6.0, 6.0, 2.8)
    floor_color: Vec3 = (0.35, 0.27, 0.2)
    wall_color: Vec3 = (0.62, 0.62, 0.58)


class SceneSpec(Spec):
    """Everything that a clip's images depend on, but for the person's motion.

    Files of the first version, which had one ``table`` and ``furniture``, are read as well.
    """

    schema_version: Literal[2] = 2
    clip_id: str
    scene: str
    character: str
    seed: int
    stance_seed: int | None = None
    """Seed of the person's stance at frame 0; None in files of earlier versions."""
    camera: CameraSpec
    room: RoomSpec
    supports: list[PartSpec] = []
    """What the object or the person may rest on besides the floor, such as a table."""
    statics: list[PartSpec] = []
    """Furniture: it is rendered, occludes, and is an obstacle."""
    lights: list[LightSpec]
    object_scale: Vec3
    T_world_object: Matrix4
    """Pose of the (scaled) object at frame 0."""
    T_world_person: Matrix4
    """Where the person stands: origin on the ground between the feet, +y of it the facing."""

    @model_validator(mode="before")
    @classmethod
    def _read_earlier_versions(cls, data: Any) -> Any:
        """Raises BadInputError for a version that this release does not know."""
        if not isinstance(data, dict):
            return data
        version = data.get("schema_version", SCHEMA_VERSION)
        if version == 1:
            return _from_first_version(data)
        if version != SCHEMA_VERSION:
            raise BadInputError(
                f"the scene of {data.get('clip_id', 'a clip')} has schema version {version}; this "
                f"release reads 1 to {SCHEMA_VERSION}: upgrade it, or make scene_render again"
            )
        return data

    def T_world_object_array(self) -> Array:
        return np.array(self.T_world_object)


def _from_first_version(data: dict[str, Any]) -> dict[str, Any]:
    """One table on four legs was the only support, every other box was furniture."""
    rest = {key: value for key, value in data.items() if key not in ("table", "furniture")}
    table = dict(data["table"]) | {"name": "table", "legs": True}
    return rest | {
        "schema_version": SCHEMA_VERSION,
        "supports": [table],
        "statics": data.get("furniture", []),
    }
