"""Where person and object are in the image: masks, depth, and the part that their motion changes.

Masks and depth are exact, by one ray per pixel center.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.scene.boxes import merged, static_mesh
from hoi_platform.core.scene.parts import shape_of
from hoi_platform.core.scene.spec import LightSpec, SceneSpec

_STILL_M: Final = 0.002
"""Meters below which a vertex counts as still; chosen: less than a pixel."""
_SHADOW_REACH_M: Final = 0.5
"""Meters; chosen: area lights of a meter blur a limb's shadow away beyond this distance."""
_MARGIN_PX: Final = 14
"""Pixels at a width of 640, between the border and all that moves; chosen: soft shadows' edges."""
_VERTEX_STEP: Final = 7
"""Number of vertices per one that is looked at; chosen: neighbors move alike."""


class ActorRaster(NamedTuple):
    """What is seen at each pixel."""

    object_mask: NDArray[np.bool_]  # (H, W)
    human_mask: NDArray[np.bool_]  # (H, W)
    depth: NDArray[np.float32]  # (H, W) z-depth in meters


def static_depth(spec: SceneSpec) -> NDArray[np.float32]:
    """Depth (H, W) in meters of room, table and furniture, inf where none is hit."""
    mesh = static_mesh(spec)
    depth = rasterize(spec.camera.camera(), mesh.vertices, mesh.faces).depth
    return np.where(np.isnan(depth), np.inf, depth).astype(np.float32)


def actor_masks(
    camera: Camera, body: TriangleMesh, mesh: TriangleMesh, static: NDArray[np.float32]
) -> ActorRaster:
    """Person and object (``mesh``) in the world before the static depth, hiding each other."""
    both = merged([body, mesh])
    raster = rasterize(camera, both.vertices, both.faces)
    in_front = raster.silhouette & (np.nan_to_num(raster.depth, nan=np.inf) < static)
    is_object = raster.face_ids >= len(body.faces)
    depth = np.where(in_front, raster.depth, static).astype(np.float32)
    return ActorRaster(in_front & is_object, in_front & ~is_object, depth)


@dataclass(frozen=True)
class Border:
    """A rectangle of whole pixels: x0 ≤ x < x1, y0 ≤ y < y1, rows downward."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)


def motion_border(
    spec: SceneSpec, body_vertices: Array, Ts_world_object: Array, mesh: TriangleMesh
) -> Border:
    """A border around all that moves in T frames: body (T, V, 3), object (T, 4, 4)."""
    camera = spec.camera.camera()
    body = body_vertices[:, ::_VERTEX_STEP]
    moved = np.linalg.norm(body - body[:1], axis=-1).max(axis=0) > _STILL_M
    corners = transform_points(Ts_world_object, _corners(mesh))
    points = [body[:, moved].reshape(-1, 3), corners.reshape(-1, 3)]
    points += [_shadow(p, light, spec) for p in points for light in spec.lights]
    return _around(camera, np.concatenate(points))


def _corners(mesh: TriangleMesh) -> Array:
    low, high = mesh.bounds
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1])
                     for z in (low[2], high[2])])  # fmt: skip


def _shadow(points: Array, light: LightSpec, spec: SceneSpec) -> Array:
    """Where the light's center casts points on the supports' tops and the floor, if near."""
    source = np.array(light.pos)
    way = points - source
    landed = []
    tops = [level for part in spec.supports for level in shape_of(part).levels]
    for height in (*tops, 0.0):
        drop = np.minimum(way[:, 2], -1e-3)
        foot = source + way * ((height - source[2]) / drop)[:, None]
        near = np.linalg.norm(foot - points, axis=-1) < _SHADOW_REACH_M
        landed.append(foot[near & (points[:, 2] > height)])
    return np.concatenate(landed)


def _around(camera: Camera, points: Array) -> Border:
    size = np.array([camera.width_px, camera.height_px])
    margin = _MARGIN_PX * camera.width_px / 640
    uv = camera.project(points)
    low = np.clip(np.floor(np.nanmin(uv, axis=0) - margin), 0, size - 1).astype(int)
    high = np.clip(np.ceil(np.nanmax(uv, axis=0) + margin), low + 1, size).astype(int)
    return Border(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
