"""The clip's world without the video: floor, supports, person, object, its path, the true double.

Two views of it: from above as a map, and from the side that the clip's camera does not see.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array, Image
from hoi_platform.core.colors import RGB, srgb_from_linear
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.boxes import with_legs
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec, shape_of
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.services.viewer.actors import SurfaceActor, line_actor
from hoi_platform.services.viewer.figures import GHOST_TINT, OBJECT_TINT, Figures
from hoi_platform.services.viewer.stage import Stage
from hoi_platform.services.viewer.surfaces import Surface

SIDE_VIEW_DEG: Final = 70.0
"""Turn of the side view from the clip's camera about the vertical; chosen."""
FLOOR_COLOR: Final[RGB] = (0.86, 0.88, 0.91)
"""sRGB; chosen."""
_LINE_COLOR: Final[RGB] = (0.62, 0.66, 0.72)
"""sRGB of the floor's grid; chosen."""
_GHOST_OPACITY: Final = 0.28
"""Share of the ground truth's color; chosen."""
_BACKDROP: Final = ((0.84, 0.865, 0.9), (0.965, 0.975, 0.985))
"""Lower and upper sRGB color behind the scene; chosen."""
_SUPPORT_OPACITY: Final = 0.45
"""Share of the color of what nobody walks on; chosen so that hands below a table top stay
visible."""
FLOOR_HALF_M: Final = 2.0
"""Half of the side of the floor that is drawn (m); chosen."""
_FILLED: Final = 0.92
"""Largest share of the image that moving parts fill; chosen."""


class WorldView(Stage):
    """A stage with the clip's surroundings; cameras fit what moves in it."""

    def __init__(self, camera: Camera, spec: SceneSpec, extent: Array) -> None:
        """``extent`` (2, 3): least and greatest coordinates of all that will move."""
        super().__init__(camera.width_px, camera.height_px, _BACKDROP)
        self._extent = extent
        forward = camera.T_world_cam[:3, 2] * [1, 1, 0]
        self._forward = forward / np.linalg.norm(forward)
        self._side = side_camera(camera, extent)
        middle = extent.mean(axis=0)
        self._add_floor(middle)
        for support in spec.supports:
            opacity = 1.0 if support.walkable else _SUPPORT_OPACITY
            for part in with_legs(support):
                self.add(SurfaceActor(part_surface(part), opacity).actor)

    def _add_floor(self, middle: Array) -> None:
        center = np.round(middle[:2])
        low, high = center - FLOOR_HALF_M, center + FLOOR_HALF_M
        floor = box_surface(np.array([*low, -0.02]), np.array([*high, -0.002]), FLOOR_COLOR)
        self.add(SurfaceActor(floor).actor)
        for step in np.arange(-FLOOR_HALF_M, FLOOR_HALF_M + 0.01, 0.5):
            for ends in (
                ([center[0] + step, low[1], 0.001], [center[0] + step, high[1], 0.001]),
                ([low[0], center[1] + step, 0.001], [high[0], center[1] + step, 0.001]),
            ):
                self.add(line_actor(np.array(ends), _LINE_COLOR, 1.0))

    def add_figures(self, person: Surface, object_parts: tuple[Surface, ...]) -> Figures:
        """The reconstruction in its natural colors."""
        return Figures.on(self, person, object_parts)

    def add_ghost(self, person: Surface, object_parts: tuple[Surface, ...]) -> Figures:
        """The truth as a translucent double."""
        return Figures.on(
            self,
            person.tinted(GHOST_TINT),
            tuple(part.tinted(GHOST_TINT) for part in object_parts),
            _GHOST_OPACITY,
        )

    def add_path(self, points: Array, color: RGB = OBJECT_TINT) -> None:
        """A line along points (N, 3)."""
        self.add(line_actor(points, color, 3.0))

    def top_view(self) -> Image:
        """(H, W, 3): a map, the direction in which the clip's camera looks upward."""
        span = np.ptp(self._extent, axis=0)
        height = 1.2 * max(float(np.hypot(span[0], span[1])) * 0.85, 1.0)
        self.look_down(self._extent.mean(axis=0), self._forward, height)
        return self.render()[..., :3]

    def side_view(self) -> Image:
        """(H, W, 3): from the side."""
        self.look_through(self._side)
        return self.render()[..., :3]


def side_camera(camera: Camera, extent: Array, turn_deg: float = SIDE_VIEW_DEG) -> Camera:
    """The clip's camera, turned about the vertical through the middle of what moves, so far away
    that all of it is in view."""
    middle = extent.mean(axis=0)
    offset = camera.T_world_cam[:3, 3] - middle
    level = offset * [1, 1, 0] / np.linalg.norm(offset[:2])
    turn = matrix_from_axis_angle(np.array([0.0, 0.0, np.radians(turn_deg)]))
    direction = turn @ level + [0.0, 0.0, 0.35]
    direction /= np.linalg.norm(direction)
    draft = look_at(camera.width_px, camera.height_px, camera.focal_px, middle + direction, middle)
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    p_cam = (extent[0] + corners * np.ptp(extent, axis=0) - middle) @ draft.T_world_cam[:3, :3]
    half_px = np.array([camera.width_px, camera.height_px]) / 2 * _FILLED
    distance = (camera.focal_px * np.abs(p_cam[:, :2]) / half_px - p_cam[:, 2:]).max()
    return replace(
        draft, T_world_cam=rigid(draft.T_world_cam[:3, :3], middle + distance * direction)
    )


def part_surface(part: BoxSpec | MeshSpec) -> Surface:
    """A part of the scene in its color, with flat sides."""
    r, g, b = srgb_from_linear(np.array(part.color)).tolist()
    if isinstance(part, BoxSpec) and part.R_world_part is None:
        low = np.array(part.pos) - np.array(part.size) / 2
        return box_surface(low, low + part.size, (r, g, b))
    corners = shape_of(part).surface().triangles.reshape(-1, 3)
    return Surface(corners, np.arange(len(corners)).reshape(-1, 3), (r, g, b))


def box_surface(low: Array, high: Array, color: RGB) -> Surface:
    """An axis-aligned box with flat sides."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    quads = np.array(
        [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    )
    vertices = (low + corners * (high - low))[quads].reshape(-1, 3)
    sides = 4 * np.arange(6)[:, None, None] + np.array([[0, 1, 2], [0, 2, 3]])
    return Surface(vertices, sides.reshape(-1, 3), color)
