"""One random draw of a room with a person and an object, without judging the result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hoi_platform.core.arrays import Array, Vec3
from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.furniture import draw_furniture
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec
from hoi_platform.core.scene.spec import CameraSpec, LightSpec, RoomSpec, SceneSpec
from hoi_platform.core.scene.templates import Palette, Range, SceneTemplate

if TYPE_CHECKING:
    from hoi_platform.core.scene.person import StandingPerson

_PERSON_YAW_DEG = 4.0
"""Degrees by which the person's facing varies to either side; chosen."""
_CAMERA_TO_WALL_M = 0.25
"""Meters; chosen: the near wall stays behind the camera."""


@dataclass(frozen=True)
class SceneRequest:
    """What a scene is drawn for and from."""

    clip: ClipId
    template: SceneTemplate
    person: "StandingPerson"
    rested: TriangleMesh
    """The scaled object in its settled rotation."""
    R_world_settled: Array
    scale: Vec3
    rendering: RenderingConfig
    stance_seed: int


@dataclass(frozen=True)
class Draw:
    """The template with a generator and the first decisions: place, side and palette."""

    template: SceneTemplate
    rng: np.random.Generator
    stature_m: float
    side: int
    """+1: the camera is on the person's right (+x), -1: on its left."""
    place: Array
    """The point between the person's feet (3,)."""
    palette: Palette

    def between(self, values: Range) -> float:
        return float(self.rng.uniform(*values))

    def either_side(self, values: Range) -> float:
        return self.between(values) * (1 if self.rng.random() < 0.5 else -1)


@dataclass(frozen=True)
class Placement:
    """Where the object is and what it lies on."""

    supports: list[BoxSpec | MeshSpec]
    p_world_object: Array
    """(3,) origin of the object."""


Place = Callable[[Draw, TriangleMesh], Placement]
"""From the first decisions and the turned object (its origin at 0) to its place."""


def draw_room(request: SceneRequest, rng: np.random.Generator, place: Place) -> SceneSpec:
    """A furnished room with a standing person; ``place`` decides where the object is."""
    template = request.template
    draw = _draw(template, request.person, rng)
    yaw = matrix_from_axis_angle(np.array([0.0, 0.0, rng.uniform(-np.pi, np.pi)]))
    placed = place(draw, request.rested.transformed(rigid(yaw, np.zeros(3))))
    camera = _camera(draw, request.rendering)
    person_yaw = np.deg2rad(rng.uniform(-_PERSON_YAW_DEG, _PERSON_YAW_DEG))
    R_person = matrix_from_axis_angle(np.array([0.0, 0.0, person_yaw]))
    size = template.room_size
    furniture = draw_furniture(
        size, (-draw.side, -1), round(draw.between(template.furniture)), draw.palette, rng
    )
    return SceneSpec(
        clip_id=request.clip.path,
        scene=request.clip.scene,
        character=request.clip.character,
        seed=request.clip.seed,
        stance_seed=request.stance_seed,
        camera=CameraSpec.of(camera),
        room=RoomSpec(size=size, floor_color=draw.palette.floor, wall_color=draw.palette.wall),
        supports=placed.supports,
        statics=furniture,
        lights=_lights(draw, camera),
        object_scale=request.scale,
        T_world_object=rigid(yaw @ request.R_world_settled, placed.p_world_object).tolist(),
        T_world_person=rigid(R_person, draw.place).tolist(),
    )


def _draw(template: SceneTemplate, person: "StandingPerson", rng: np.random.Generator) -> Draw:
    side = 1 if rng.random() < 0.5 else -1
    away = rng.uniform(*template.corner_m, size=2)
    place = np.array([-side * away[0], -away[1], 0.0])
    palette = template.palettes[int(rng.integers(len(template.palettes)))]
    return Draw(template, rng, person.height_m, side, place, palette)


def _camera(draw: Draw, rendering: RenderingConfig) -> Camera:
    """The focal length in pixels is the image's diagonal, as in the reference."""
    form, h = draw.template.camera, draw.stature_m
    azimuth = draw.side * np.deg2rad(draw.between(form.azimuth_deg))
    toward = np.array([np.sin(azimuth), np.cos(azimuth), 0.0])
    right = np.array([-toward[1], toward[0], 0.0])
    eye = draw.place + draw.between(form.distance_statures) * h * toward
    eye[2] = draw.between(form.height_statures) * h
    limit = np.array(draw.template.room_size[:2]) / 2 - _CAMERA_TO_WALL_M
    eye[:2] = np.clip(eye[:2], -limit, limit)
    target = draw.place + draw.between(form.target_shift_statures) * h * right
    target[2] = draw.between(form.target_statures) * h
    focal = float(np.hypot(rendering.width, rendering.height))
    return look_at(rendering.width, rendering.height, focal, eye, target)


def _lights(draw: Draw, camera: Camera) -> list[LightSpec]:
    """Key and fill light on either side of the camera, a panel below the ceiling."""
    form = draw.template.lights
    chest = draw.place + np.array([0.0, 0.0, 0.7 * draw.stature_m])
    eye = camera.T_world_cam[:3, 3]
    azimuth = np.arctan2(eye[1] - chest[1], eye[0] - chest[0])
    turn = np.deg2rad(draw.either_side(form.key_azimuth_deg))
    warmth = draw.between(form.warmth)
    color = (1.0 + min(0.0, warmth / 2), 1.0 - abs(warmth) / 4, 1.0 - max(0.0, warmth))
    lights = []
    for angle, power in ((turn, form.key_power_w), (-1.3 * turn, form.fill_power_w)):
        way = np.array([np.cos(azimuth + angle), np.sin(azimuth + angle), 0.0])
        lights.append(_light(draw, chest + draw.rng.uniform(1.8, 2.5) * way, chest, power, color))
    middle = chest + draw.rng.uniform(0.3, 1.2) * np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    below = middle * np.array([1.0, 1.0, 0.0])
    lights.append(_light(draw, middle, below, form.ceiling_power_w, (1.0, 1.0, 1.0)))
    return lights


def _light(draw: Draw, over: Array, target: Array, power: Range, color: Vec3) -> LightSpec:
    """An area light below the ceiling, over a point."""
    x, y, _ = over
    return LightSpec(
        pos=(float(x), float(y), draw.template.room_size[2] - 0.15),
        target=(float(target[0]), float(target[1]), float(target[2])),
        size_m=draw.between(draw.template.lights.size_m),
        power_w=draw.between(power),
        color=color,
    )
