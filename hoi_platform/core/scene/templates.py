"""What a scene is drawn from (``configs/scenes/*.yaml``): ranges, palettes and requirements.

Lengths in statures are multiples of the character's height, so that a template suits everyone.
"""

from typing import Any, Final, get_args

from pydantic import Field, model_validator

from hoi_platform.core.config.base import Config
from hoi_platform.core.scene.parts import Vec3

FIRST_KIND: Final = "table"
"""The kind of a scene whose file names none."""

Range = tuple[float, float]
"""Least and greatest value."""


class CameraTemplate(Config):
    """The camera; its focal length in pixels is the image's diagonal, as in the reference."""

    azimuth_deg: Range = (18.0, 46.0)
    """Angle from the person's facing to the camera, to either side."""
    distance_statures: Range = (2.4, 2.9)
    height_statures: Range = (0.95, 1.3)
    target_statures: Range = (0.46, 0.52)
    """Height of the point that it looks at, above the floor below the person."""
    target_shift_statures: Range = (-0.06, 0.06)
    """Sideways shift of that point."""


class LightTemplate(Config):
    """Area lights below the ceiling: one key light, one fill light, one ceiling panel."""

    key_power_w: Range = (90.0, 140.0)
    fill_power_w: Range = (35.0, 65.0)
    ceiling_power_w: Range = (100.0, 150.0)
    key_azimuth_deg: Range = (15.0, 60.0)
    """Angle of the key light from the camera, seen from the person, to either side."""
    size_m: Range = (0.9, 1.6)
    warmth: Range = (-0.06, 0.09)
    """Blue taken from white, and half of it given to red."""


class Palette(Config):
    """Linear RGB of a room's surfaces."""

    floor: Vec3
    wall: Vec3
    table: Vec3
    furniture: list[Vec3]


class SceneRequirements(Config):
    """When a drawn scene is good enough; pixels are those of a 640 px wide image."""

    margin_px: float = 6.0
    """Least distance of the person and the object to the image's border."""
    min_person_px: float = 190.0
    """Least height of the person in the image."""
    max_reach: float = 0.85
    """Greatest distance from a shoulder to the object's center, in arm's lengths."""
    clearance_m: float = 0.02
    """Least distance between the person and all that it does not stand on."""
    min_upper_visible: float = 0.85
    """Least part of head, trunk and arms that the table and the object leave visible."""
    min_feet_visible: float = 0.3
    min_hand_visible: float = 0.5
    """Least visible part of the hand that is seen better."""
    max_tries: int = Field(400, ge=1)


class SceneTemplate(Config):
    """What all kinds of scene have; ``core.scene.kinds`` add to it."""

    name: str
    kind: str = FIRST_KIND
    """Kind of scene: decides what else the file may hold."""
    room_size: Vec3 = (8.0, 8.0, 2.8)
    corner_m: Range = (1.1, 1.6)
    """How far the person stands from the room's middle, toward the corner behind."""
    camera: CameraTemplate = CameraTemplate()
    lights: LightTemplate = LightTemplate()
    palettes: list[Palette] = Field(min_length=1)
    furniture: Range = (5.0, 8.0)
    """Number of pieces along the walls that the camera sees."""
    requirements: SceneRequirements = SceneRequirements()

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

        The first kind goes unsaid, as in results that were made before there were others.
        """
        unsaid = {"kind"} if self.kind == FIRST_KIND else set()
        return self.model_dump(exclude={"name", "requirements"} | unsaid)


def _is_range(model: type[Config], field: str) -> bool:
    return get_args(model.model_fields[field].annotation) == (float, float)
