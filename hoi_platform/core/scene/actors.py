"""Exact masks and depth of person and object in a scene, by one ray per pixel center."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.scene.boxes import merged, static_mesh
from hoi_platform.core.scene.spec import SceneSpec


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
