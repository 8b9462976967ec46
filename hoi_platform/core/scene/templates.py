"""What a scene is drawn from (``configs/scenes/*.yaml``): ranges, palettes and requirements.

Lengths in statures are multiples of the character's height, so that a template suits everyone.
"""

from typing import Any, Final, get_args

from pydantic import Field, model_validator

from hoi_platform.core.arrays import Vec3
from hoi_platform.core.config.base import Config

FIRST_KIND: Final = "table"
"""The kind of a scene whose file names none."""

Range = tuple[float, float]
"""Least and greatest value."""


class CameraTemplate(Config):
    """The camera; its focal length in pixels is the image's diagonal, as in the reference."""

    azimuth_deg: Range = (18.0, 46.0)
    """Angle from the person's facing to the camera, to either side; chosen: hands are seen."""
    distance_statures: Range = (2.4, 2.9)
    """Distance from the person, along the floor; chosen: person and object fill the frame."""
    height_statures: Range = (0.95, 1.3)
    """Height above the floor; chosen: it looks down on the table."""
    target_statures: Range = (0.46, 0.52)
    """Height of the point that it looks at, above the floor below the person; chosen."""
    target_shift_statures: Range = (-0.06, 0.06)
    """Sideways shift of that point; chosen."""


class LightTemplate(Config):
    """Area lights below the ceiling: one key light, one fill light, one ceiling panel."""

    key_power_w: Range = (90.0, 140.0)
    """Power of the key light (Blender's radiant watts); chosen."""
    fill_power_w: Range = (35.0, 65.0)
    """Power of the fill light, on the camera's other side; chosen."""
    ceiling_power_w: Range = (100.0, 150.0)
    """Power of the ceiling panel; chosen."""
    key_azimuth_deg: Range = (15.0, 60.0)
    """Angle of the key light from the camera, seen from the person, to either side; chosen."""
    size_m: Range = (0.9, 1.6)
    """Side of each light; chosen: soft shadows."""
    warmth: Range = (-0.06, 0.09)
    """Fraction of blue that the key and fill lights lack, or have too much; chosen."""


class Palette(Config):
    """Linear RGB of a room's surfaces."""

    floor: Vec3
    """Linear RGB, 0 to 1."""
    wall: Vec3
    """Linear RGB, 0 to 1."""
    table: Vec3
    """Linear RGB, 0 to 1."""
    furniture: list[Vec3]
    """Linear RGB, 0 to 1; each piece gets one of them."""


class SceneRequirements(Config):
    """When a drawn scene is good enough; pixels are those of a 640 px wide image."""

    margin_px: float = 6.0
    """Least distance of the person and the object to the image's border; chosen."""
    min_person_px: float = 190.0
    """Least height of the person in the image; chosen: half of it."""
    max_reach: float = 0.85
    """Greatest distance from a shoulder to the object's center, as a
    multiple of the arm's length; chosen: arms stay bent."""
    clearance_m: float = 0.02
    """Least distance between the person and all that it does not stand on; chosen."""
    min_upper_visible: float = 0.85
    """Least fraction of head, trunk and arms that table and object leave visible; chosen."""
    min_feet_visible: float = 0.3
    """The same fraction of the feet; chosen: a table may hide most of them."""
    min_hand_visible: float = 0.5
    """Least visible fraction of the hand that is seen better; chosen."""
    max_tries: int = Field(400, ge=1)
    """Number of draws before the stage fails; chosen."""


class SceneTemplate(Config):
    """What all kinds of scene have; ``core.scene.kinds`` add to it."""

    name: str
    """As its file is called."""
    kind: str = FIRST_KIND
    """Kind of scene: decides what else the file may hold."""
    room_size: Vec3 = (8.0, 8.0, 2.8)
    """Full extents of the room (m); chosen: the camera is inside of it."""
    corner_m: Range = (1.1, 1.6)
    """Distance along x and y from the room's middle to the person, toward a corner; chosen."""
    camera: CameraTemplate = CameraTemplate()
    """Where the camera is."""
    lights: LightTemplate = LightTemplate()
    """What light there is."""
    palettes: list[Palette] = Field(min_length=1)
    """Colors; each scene gets one of them."""
    furniture: Range = (5.0, 8.0)
    """Number of pieces along the walls that the camera sees; chosen."""
    requirements: SceneRequirements = SceneRequirements()
    """What a drawn scene has to meet."""

    @model_validator(mode="after")
    def _ranges_ascend(self) -> "SceneTemplate":
        parts = [self, *(value for _, value in self if isinstance(value, Config))]
        for part in parts:
            for field, value in part:
                if _is_range(type(part), field) and not value[0] <= value[1]:
                    raise ValueError(f"{field}: {list(value)} is not [least, greatest]")
        return self

    def content(self) -> dict[str, Any]:
        """What a scene is drawn from, but for its requirements: no name.

        The first kind is left out, as in results that were made before there were others.
        """
        left_out = {"kind"} if self.kind == FIRST_KIND else set()
        return self.model_dump(exclude={"name", "requirements"} | left_out)


def _is_range(model: type[Config], field: str) -> bool:
    return get_args(model.model_fields[field].annotation) == (float, float)
