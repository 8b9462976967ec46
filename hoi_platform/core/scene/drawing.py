"""One random draw of a scene from its template, with no judgment of the result."""

from dataclasses import dataclass

import numpy as np

from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import Array, matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.furniture import draw_furniture
from hoi_platform.core.scene.person import StandingPerson
from hoi_platform.core.scene.spec import (
    BoxSpec,
    CameraSpec,
    LightSpec,
    RoomSpec,
    SceneSpec,
    Vec3,
)
from hoi_platform.core.scene.templates import Palette, Range, SceneTemplate

_PERSON_YAW_DEG = 4.0
_CAMERA_TO_WALL_M = 0.25


@dataclass(frozen=True)
class _Draw:
    """The template with a generator and what is decided first: place, side and palette."""

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


def draw_scene(
    clip: ClipId,
    template: SceneTemplate,
    person: StandingPerson,
    rested: TriangleMesh,
    R_world_settled: Array,
    scale: Vec3,
    rendering: RenderingConfig,
    rng: np.random.Generator,
    stance_seed: int,
) -> SceneSpec:
    """Draw everything; ``rested`` is the scaled object in its settled rotation."""
    draw = _draw(template, person, rng)
    yaw = matrix_from_axis_angle(np.array([0.0, 0.0, rng.uniform(-np.pi, np.pi)]))
    turned = rested.transformed(rigid(yaw, np.zeros(3)))
    table, t_object = _table_and_object(draw, turned)
    camera = _camera(draw, rendering)
    person_yaw = np.deg2rad(rng.uniform(-_PERSON_YAW_DEG, _PERSON_YAW_DEG))
    R_person = matrix_from_axis_angle(np.array([0.0, 0.0, person_yaw]))
    size = template.room_size
    furniture = draw_furniture(
        size, (-draw.side, -1), round(draw.between(template.furniture)), draw.palette, rng
    )
    return SceneSpec(
        clip_id=clip.path,
        scene=clip.scene,
        character=clip.character,
        seed=clip.seed,
        stance_seed=stance_seed,
        camera=CameraSpec.of(camera),
        room=RoomSpec(size=size, floor_color=draw.palette.floor, wall_color=draw.palette.wall),
        table=table,
        furniture=furniture,
        lights=_lights(draw, camera),
        object_scale=scale,
        T_world_object=rigid(yaw @ R_world_settled, t_object).tolist(),
        T_world_person=rigid(R_person, draw.place).tolist(),
    )


def _draw(template: SceneTemplate, person: StandingPerson, rng: np.random.Generator) -> _Draw:
    side = 1 if rng.random() < 0.5 else -1
    away = rng.uniform(*template.corner_m, size=2)
    place = np.array([-side * away[0], -away[1], 0.0])
    palette = template.palettes[int(rng.integers(len(template.palettes)))]
    return _Draw(template, rng, person.height_m, side, place, palette)


def _table_and_object(draw: _Draw, turned: TriangleMesh) -> tuple[BoxSpec, Array]:
    """The table before the person and the object's position (3,) on it, near the person.

    The table reaches further away from the camera, so that it hides little of the person. It
    grows when the object needs more room.
    """
    form, h = draw.template.table, draw.stature_m
    low, high = turned.bounds
    top = form.height_m or draw.between(form.height_statures) * h
    near = draw.place[1] + draw.between(form.person_gap_statures) * h
    edge = draw.between(form.object_edge_m)
    shift = draw.between(form.object_side_statures) * h
    half_x = (high[0] - low[0]) / 2
    reach = max(draw.between(form.overhang_m), draw.side * shift + half_x + edge)
    width = max(draw.between(form.width_m), reach - draw.side * shift + half_x + edge)
    depth = max(draw.between(form.depth_m), high[1] - low[1] + 2 * edge)
    x = draw.place[0] + draw.side * (reach - width / 2)
    table = BoxSpec(
        pos=(x, near + depth / 2, top - form.thickness_m / 2),
        size=(width, depth, form.thickness_m),
        color=draw.palette.table,
        name="table",
    )
    corner = np.array([draw.place[0] + shift - half_x, near + edge, table.top])
    return table, corner - low


def _camera(draw: _Draw, rendering: RenderingConfig) -> Camera:
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


def _lights(draw: _Draw, camera: Camera) -> list[LightSpec]:
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


def _light(draw: _Draw, over: Array, target: Array, power: Range, color: Vec3) -> LightSpec:
    """An area light below the ceiling, over a point."""
    x, y, _ = over
    return LightSpec(
        pos=(float(x), float(y), draw.template.room_size[2] - 0.15),
        target=(float(target[0]), float(target[1]), float(target[2])),
        size_m=draw.between(draw.template.lights.size_m),
        power_w=draw.between(power),
        color=color,
    )
