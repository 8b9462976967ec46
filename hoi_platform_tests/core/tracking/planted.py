"""Clips with a planted truth: a textured object on a table that a "hand" lifts and turns.

A second renderer (super-sampled, directional lights) than the tracker's own, so that a shared
mistake cannot cancel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.textured_mesh import TexturedMesh
from hoi_platform.core.geometry.transforms import rigid, transform_points

_SUPER = 3
_LIGHTS = (((0.3, -0.8, 0.9), 0.9), ((-0.9, -0.2, 0.6), 0.4))
_AMBIENT = 0.35
_SKIN = (196, 150, 120)


@dataclass(frozen=True)
class Clip:
    """Frames with what made them."""

    frames: NDArray[np.uint8]  # (T, H, W, 3)
    camera: Camera
    object_masks: NDArray[np.bool_]
    human_masks: NDArray[np.bool_]
    Ts_world_object: Array  # (T, 4, 4)

    @property
    def tracks(self) -> SceneTracks:
        T, h, w = self.object_masks.shape
        return SceneTracks(
            self.object_masks,
            self.human_masks,
            np.full((T, h, w), np.nan, dtype=np.float32),
            np.ones((T, 2)),
        )


def lift_and_turn(
    frames: int, height: float, turn_deg: float, axis: Array, start: Array, still: float = 0.2
) -> Array:
    """(T, 4, 4): rest for the ``still`` share, rise and turn smoothly, hold for the last fifth."""
    s = np.clip((np.linspace(0, 1, frames) - still) / (0.8 - still), 0, 1)
    s = s**3 * (10 - 15 * s + 6 * s**2)
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    R = matrix_from_axis_angle(np.radians(turn_deg) * s[:, None] * axis)
    path = np.array([-0.12, -0.10, height]) * s[:, None]
    return rigid(R @ start[:3, :3], start[:3, 3] + path)


def table_camera(width: int = 320, height: int = 180, distance: float = 1.3) -> Camera:
    """Looks down at the table's origin (0, 0, 0.75) with the reference's focal length."""
    eye = np.array([0.15, -distance, 0.75 + 0.45 * distance])
    return look_at(width, height, float(np.hypot(width, height)), eye, np.array([0.0, 0.0, 0.85]))


def render_clip(
    mesh: TexturedMesh,
    Ts_world_object: Array,
    camera: Camera,
    rng: np.random.Generator,
    *,
    hand_radius_px: float = 0.0,
    hand_from: int = 0,
    hidden: slice = slice(0, 0),
    noise: float = 4.0,
) -> Clip:
    """Draw each frame; the hand covers one side of the object from ``hand_from`` on.

    In the frames ``hidden`` a panel (part of the human's mask) covers the whole object.
    """
    background = _background(camera, rng)
    grain = rng.normal(0, noise, (*camera.shape, 3))
    drawn = []
    for t, T in enumerate(Ts_world_object):
        image, mask = _draw_object(mesh, T, camera, background.copy())
        human = np.zeros(camera.shape, bool)
        c = camera.project(T[None, :3, 3])[0]
        reach = max(0.0, 1.0 - (t - hand_from + 6) / 6 if t < hand_from else 0.0)
        if hand_radius_px:
            offset = np.array([1.1 * hand_radius_px + 90 * reach, 2.0])
            human |= _hand(camera, c + offset, hand_radius_px)
        if hidden.start <= t < hidden.stop:
            uv = camera.pixel_centers()
            human |= (np.abs(uv - c) < 4.0 * max(hand_radius_px, 12.0)).all(axis=-1)
        image[human] = _SKIN
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
        drawn.append((image, mask & ~human, human))
    images, masks, humans = (np.stack(x) for x in zip(*drawn, strict=True))
    return Clip(images, camera, masks, humans, Ts_world_object)


def _hand(camera: Camera, center: Array, radius: float) -> NDArray[np.bool_]:
    """A disk with an arm that leaves toward the image's lower right."""
    offset = camera.pixel_centers() - center
    arm = (np.abs(offset[..., 1] - 0.5 * offset[..., 0]) < 0.6 * radius) & (offset[..., 0] > 0)
    return (np.linalg.norm(offset, axis=-1) < radius) | arm


def _background(camera: Camera, rng: np.random.Generator) -> Array:
    """A wooden table (z = 0.75, y < 0.5) before a wall, with blurred noise as texture."""
    import cv2

    rays = camera.unproject(camera.pixel_centers(), np.ones(camera.shape))
    eye = camera.T_world_cam[:3, 3]
    direction = rays - eye
    with np.errstate(divide="ignore"):
        hit = eye + direction * ((0.75 - eye[2]) / direction[..., 2])[..., None]
    table = (direction[..., 2] < 0) & (hit[..., 1] < 0.5)
    texture = cv2.GaussianBlur(rng.normal(0, 40, (*camera.shape, 3)), (0, 0), 2.0)
    return np.where(table[..., None], [150, 115, 80], [185, 190, 180]) + texture


def _draw_object(
    mesh: TexturedMesh, T: Array, camera: Camera, image: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Super-sampled rendering over ``image`` and the mask of pixels covered by half or more."""
    fine = Camera(
        camera.width_px * _SUPER,
        camera.height_px * _SUPER,
        camera.focal_px * _SUPER,
        camera.T_world_cam,
    )
    geometry = mesh.geometry()
    vertices = transform_points(T, geometry.vertices)
    raster = rasterize(fine, vertices, geometry.faces)
    rows, columns = np.nonzero(raster.silhouette)
    uv = np.stack([columns, rows], axis=-1) + 0.5
    p = fine.unproject(uv, raster.depth[rows, columns].astype(float))
    colors = _shade(mesh, raster.face_ids[rows, columns], p, vertices, geometry.faces, fine)
    pixel = (rows // _SUPER, columns // _SUPER)
    total, cover = np.zeros((*camera.shape, 3)), np.zeros(camera.shape)
    np.add.at(total, pixel, colors)
    np.add.at(cover, pixel, 1.0)
    alpha = (cover / _SUPER**2)[..., None]
    return image * (1 - alpha) + total / _SUPER**2, alpha[..., 0] >= 0.5


def _shade(
    mesh: TexturedMesh, faces_hit: NDArray, p: Array, vertices: Array, faces: NDArray, cam: Camera
) -> Array:
    """sRGB 0..255 colors of flat-shaded Lambertian faces."""
    corners = vertices[faces[faces_hit]]
    n = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    toward = np.einsum("nc,nc->n", n, cam.T_world_cam[:3, 3] - p)
    n *= np.sign(toward)[:, None]
    light = np.full(len(n), _AMBIENT)
    for direction, power in _LIGHTS:
        unit = np.array(direction) / np.linalg.norm(direction)
        light += power * np.maximum(n @ unit, 0)
    linear = _albedo(mesh, faces_hit, _barycentric(p, corners)) * light[:, None]
    return 255 * np.clip(linear, 0, 1) ** (1 / 2.2)


def _barycentric(p: Array, corners: Array) -> Array:
    a, b, c = np.moveaxis(corners, 1, 0)
    n = np.cross(b - a, c - a)
    area = np.einsum("nc,nc->n", n, n)
    v = np.einsum("nc,nc->n", np.cross(p - a, c - a), n) / area
    w = np.einsum("nc,nc->n", np.cross(b - a, p - a), n) / area
    return np.stack([1 - v - w, v, w], axis=-1)


def _albedo(mesh: TexturedMesh, faces_hit: NDArray, bary: Array) -> Array:
    color, first = np.zeros((len(faces_hit), 3)), 0
    for part in mesh.parts:
        chosen = (faces_hit >= first) & (faces_hit < first + len(part.faces))
        if part.material.texture is None or part.uv is None:
            color[chosen] = part.material.color
        else:
            h, w = part.material.texture.shape[:2]
            corner_uv = part.uv[part.faces[faces_hit[chosen] - first]]
            uv = np.einsum("nk,nkc->nc", bary[chosen], corner_uv)
            row = np.clip((1 - uv[:, 1]) * h, 0, h - 1).astype(int)
            column = np.clip(uv[:, 0] * w, 0, w - 1).astype(int)
            color[chosen] = (part.material.texture[row, column] / 255.0) ** 2.2
        first += len(part.faces)
    return color
