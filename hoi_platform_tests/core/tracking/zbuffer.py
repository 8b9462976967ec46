"""A plain z-buffer renderer: no ray casting, no code shared with the tracker's rendering.

Triangles are scan-converted one after the other with edge functions and perspective-correct
barycentric coordinates; every pixel has ``_SUPER`` x ``_SUPER`` samples; shading is Lambertian in
linear light with directional lamps.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.textured_mesh import TexturedMesh

_SUPER: Final = 3
_LAMPS: Final = (((-0.4, -0.7, -0.6), 0.7), ((0.8, -0.3, -0.5), 0.3))
"""Directions toward the lamps in camera axes, and their strengths."""
_AMBIENT: Final = 0.3


@dataclass(frozen=True)
class Picture:
    """An object before nothing."""

    colors: Array  # (H, W, 3) sRGB in [0, 1], zero outside
    cover: Array  # (H, W) share of samples on the object
    depth: Array  # (H, W) of the sample at the pixel's center, inf outside

    def over(self, background: Array) -> NDArray[np.uint8]:
        """Blended into a background (H, W, 3) in [0, 1]."""
        image = self.colors + background * (1 - self.cover[..., None])
        return np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)


def draw(mesh: TexturedMesh, T_cam_object: Array, camera: Camera) -> Picture:
    """The mesh (meters) at a pose."""
    h, w = camera.height_px * _SUPER, camera.width_px * _SUPER
    depth, color = np.full((h, w), np.inf), np.zeros((h, w, 3))
    focal, middle = camera.focal_px * _SUPER, np.array([w, h]) / 2
    for part in mesh.parts:
        p = part.vertices @ T_cam_object[:3, :3].T + T_cam_object[:3, 3]
        uv = focal * p[:, :2] / p[:, 2:] + middle
        for face in part.faces:
            _fill(depth, color, p[face], uv[face], *_look(part, face))
    return _averaged(depth, color)


def _look(part: object, face: NDArray) -> tuple[Array | None, object]:
    return (None if part.uv is None else part.uv[face]), part.material


def _fill(
    depth: Array, color: Array, p: Array, uv: Array, st: Array | None, material: object
) -> None:
    """Draw one triangle with corners ``p`` (3, 3) at pixels ``uv`` (3, 2)."""
    low = np.maximum(np.floor(uv.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(uv.max(axis=0)), depth.shape[::-1]).astype(int)
    (ax, ay), (bx, by), (cx, cy) = uv
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if (high <= low).any() or abs(area) < 1e-12:
        return
    x = np.arange(low[0], high[0])[None, :] + 0.5
    y = np.arange(low[1], high[1])[:, None] + 0.5
    b = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
    c = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
    a = 1 - b - c
    inside = (a >= 0) & (b >= 0) & (c >= 0)
    over_z = np.stack([a, b, c], axis=-1) / p[:, 2]
    z = 1 / over_z.sum(axis=-1)
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    drawn = inside & (z < depth[window])
    if not drawn.any():
        return
    depth[window][drawn] = z[drawn]
    bary = over_z[drawn] * z[drawn, None]
    color[window][drawn] = _albedo(bary, st, material) * _light(p)


def _albedo(bary: Array, st: Array | None, material: object) -> Array:
    if material.texture is None or st is None:
        return np.tile(np.array(material.color), (len(bary), 1))
    rows, columns = material.texture.shape[:2]
    at = bary @ st
    row = np.clip(((1 - at[:, 1]) * rows).astype(int), 0, rows - 1)
    column = np.clip((at[:, 0] * columns).astype(int), 0, columns - 1)
    encoded = material.texture[row, column] / 255.0
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _light(p: Array) -> float:
    """Of a flat triangle, from the side that the camera sees."""
    normal = np.cross(p[1] - p[0], p[2] - p[0])
    normal = normal / max(float(np.linalg.norm(normal)), 1e-15)
    normal = normal * (-1 if normal @ p.mean(axis=0) > 0 else 1)
    lamps = [s * max(0.0, float(normal @ d) / float(np.linalg.norm(d))) for d, s in _LAMPS]
    return _AMBIENT + sum(lamps)


def _averaged(depth: Array, color: Array) -> Picture:
    h, w = depth.shape[0] // _SUPER, depth.shape[1] // _SUPER
    linear = np.clip(color, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    hit = np.isfinite(depth)
    blocks = (encoded * hit[..., None]).reshape(h, _SUPER, w, _SUPER, 3)
    cover = hit.reshape(h, _SUPER, w, _SUPER).mean(axis=(1, 3))
    half = _SUPER // 2
    return Picture(blocks.mean(axis=(1, 3)), cover, depth[half::_SUPER, half::_SUPER])
