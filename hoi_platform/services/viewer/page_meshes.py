"""Meshes and pictures of the 3D page, made light enough for it."""

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from hoi_platform.core.formats.contact_record import ContactPoints
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.services.viewer.page_cameras import SMALL_VIEW_PX
from hoi_platform.services.viewer.stage import Image
from hoi_platform.services.viewer.surfaces import RGB, Surface

HAND_COLORS: Final[tuple[RGB, RGB]] = ((0.95, 0.2, 0.65), (0.98, 0.9, 0.1))
_POINTS_PER_HAND: Final = 24
_POINT_DIAMETER_M: Final = 0.014
_TEXTURE_PX: Final = 384
_QUALITIES: Final = (78, 65, 50, 35)


def surface_mesh(scene: Any, surface: Surface, layer: str) -> Any:
    """A surface with its color or texture."""
    vertices = surface.vertices.astype(np.float32)
    faces = surface.faces.astype(np.uint32)
    if surface.texture is not None and surface.uv is not None:
        image = scene.create_image()
        image.load_from_buffer(jpeg(surface.texture, _TEXTURE_PX, 80), "jpg")
        mesh = scene.create_mesh(layer_id=layer, texture_id=image, nn_texture=False)
        mesh.add_mesh_without_normals(vertices, faces, uvs=surface.uv.astype(np.float32))
    else:
        color = np.array(surface.color, np.float32)
        mesh = scene.create_mesh(layer_id=layer, shared_color=color)
        mesh.add_mesh_without_normals(vertices, faces)
    return mesh


def path_mesh(scene: Any, points: Array, color: RGB, thickness_m: float, layer: str) -> Any:
    """A line through points (N, 3); stretches without motion are left out."""
    mesh = scene.create_mesh(layer_id=layer)
    rgb = np.array(color, np.float32)
    for start, end in pairwise(points.astype(np.float32)):
        if np.linalg.norm(end - start) > 1e-3:
            mesh.add_thickline(rgb, start, end, thickness_m, thickness_m)
    return mesh


def grid_mesh(scene: Any, center: Array, half_m: float, color: RGB) -> Any:
    """Lines half a meter apart on the floor around ``center`` (2,)."""
    mesh = scene.create_mesh(layer_id="floor")
    rgb, z = np.array(color, np.float32), 0.001
    low, high = center - half_m, center + half_m
    for step in np.arange(-half_m, half_m + 0.01, 0.5):
        for start, end in (
            ((center[0] + step, low[1], z), (center[0] + step, high[1], z)),
            ((low[0], center[1] + step, z), (high[0], center[1] + step, z)),
        ):
            ends = (np.array(point, np.float32) for point in (start, end))
            mesh.add_thickline(rgb, *ends, 0.003, 0.003)
    return mesh


def contact_mesh(
    scene: Any, contacts: ContactPoints, frame: int, T_world_object: Array
) -> Any | None:
    """Small spheres where the hands touch, or nothing."""
    places, colors = [], []
    for hand, color in zip((contacts.left_hand, contacts.right_hand), HAND_COLORS, strict=True):
        points = hand.at(frame)
        points = points[:: max(1, len(points) // _POINTS_PER_HAND)]
        places.append(transform_points(T_world_object, points))
        colors.append(np.tile(color, (len(points), 1)))
    world = np.concatenate(places).astype(np.float32)
    if not len(world):
        return None
    mesh = scene.create_mesh(layer_id="contact")
    size = np.diag([_POINT_DIAMETER_M] * 3 + [1.0]).astype(np.float32)
    mesh.add_icosphere(np.ones(3, np.float32), size, 0)
    mesh.enable_instancing(world, colors=np.concatenate(colors).astype(np.float32))
    return mesh


def pictures(scene: Any, frames: Sequence[Image], budget_bytes: int) -> list[Any]:
    """One small JPEG per frame, together about ``budget_bytes`` at most."""
    images = []
    for frame in frames:
        for quality in _QUALITIES:
            data = jpeg(frame, SMALL_VIEW_PX[0], quality)
            if len(data) <= budget_bytes // len(frames):
                break
        image = scene.create_image()
        image.load_from_buffer(data, "jpg")
        images.append(image)
    return images


def jpeg(image: Image, max_side_px: int, quality: int) -> bytes:
    """An image (H, W, 3), shrunk until its longer side is ``max_side_px``."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(image))
    picture.thumbnail((max_side_px, max_side_px), Pillow.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
