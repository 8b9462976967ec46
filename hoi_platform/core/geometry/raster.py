"""A triangle mesh as a camera sees it, by ray casting (conventions: ``core.geometry``)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32, Integer
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Array32, Mask
from hoi_platform.core.geometry.camera import Camera

_NEAR_M = 1e-3
"""Near plane (m): vertices closer to the camera are not projected. Chosen."""


class Raster(NamedTuple):
    """What a mesh looks like from a camera."""

    depth: Float32[Array32, "h w"]  # z-depth in meters, nan where no face is hit
    face_ids: Int32[NDArray[np.int32], "h w"]  # index of the nearest face, -1 where none is hit

    @property
    def silhouette(self) -> Bool[Mask, "h w"]:
        """True where the mesh is seen."""
        return self.face_ids >= 0


def rasterize(
    camera: Camera,
    vertices: Float[Array, "V 3"],
    faces: Integer[NDArray[np.integer], "F 3"],
    stride: int = 1,
) -> Raster:
    """See a mesh with one ray per pixel center; both sides of a face count.

    ``vertices`` are world coordinates. With a ``stride`` s the image is that of a camera
    with (height // s, width // s) pixels, each of which covers s x s of the camera's own.
    Raises ValueError on a stride, vertices or faces that cannot be.
    """
    faces = np.asarray(faces)
    if not 1 <= stride <= min(camera.shape):
        raise ValueError(f"stride is {stride}; allowed are 1 to {min(camera.shape)}")
    if faces.size and not 0 <= faces.min() <= faces.max() < len(vertices):
        raise ValueError(f"faces refer to vertices outside of 0 to {len(vertices) - 1}")
    if bad := int((~np.isfinite(vertices).all(axis=1)).sum()):
        raise ValueError(f"{bad} of {len(vertices)} vertices are not finite")
    h, w = camera.height_px // stride, camera.width_px // stride
    depth = np.full((h, w), np.nan, dtype=np.float32)
    face_ids = np.full((h, w), -1, dtype=np.int32)
    p_cam = camera.to_cam(vertices)
    window = _window(camera, p_cam[np.unique(faces)], stride)
    if window is not None:
        depth[window], face_ids[window] = _cast(camera, p_cam, faces, stride, window)
    return Raster(depth, face_ids)


def _window(camera: Camera, p_cam: Float[Array, "V 3"], stride: int) -> tuple[slice, slice] | None:
    """Rows and columns outside of which no face can be seen; None when none is in view."""
    h, w = camera.height_px // stride, camera.width_px // stride
    in_front = p_cam[:, 2] > _NEAR_M
    if not in_front.any():
        return None
    if not in_front.all():  # a face may reach behind the camera and cover any pixel
        return slice(0, h), slice(0, w)
    uv = camera.project_cam(p_cam) / stride
    low = np.clip(np.floor(uv.min(axis=0)), 0, [w, h]).astype(int)
    high = np.clip(np.ceil(uv.max(axis=0)), 0, [w, h]).astype(int)
    if (low >= high).any():
        return None
    return slice(low[1], high[1]), slice(low[0], high[0])


def _cast(
    camera: Camera,
    p_cam: Float[Array, "V 3"],
    faces: Integer[NDArray, "F 3"],
    stride: int,
    window: tuple[slice, slice],
) -> tuple[Float32[Array32, "h w"], Integer[NDArray[np.int32], "h w"]]:
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene(robust=True)  # no leaks between neighboring faces
    # The scene stores pointers only, so that these arrays must outlive the query.
    vertices32 = np.ascontiguousarray(p_cam, dtype=np.float32)
    faces32 = np.ascontiguousarray(faces, dtype=np.int32)
    mesh = TriangleMesh(scene, vertices32, faces32)
    rays = _ray_directions(camera, stride, window)
    # Directions have z = 1, so that the ray parameter is the z-depth.
    hit = scene.run(
        np.zeros_like(rays).reshape(-1, 3), rays.reshape(-1, 3), query="INTERSECT", output=True
    )
    del mesh
    shape = rays.shape[:2]
    face_ids = hit["primID"].reshape(shape)
    return np.where(face_ids >= 0, hit["tfar"].reshape(shape), np.nan), face_ids


def _ray_directions(
    camera: Camera, stride: int, window: tuple[slice, slice]
) -> Float32[Array32, "h w 3"]:
    rows, columns = window
    v = ((np.arange(rows.start, rows.stop) + 0.5) * stride - camera.height_px / 2) / camera.focal_px
    u = (
        (np.arange(columns.start, columns.stop) + 0.5) * stride - camera.width_px / 2
    ) / camera.focal_px
    rays = np.ones((len(v), len(u), 3), dtype=np.float32)
    rays[..., 0], rays[..., 1] = u[None, :], v[:, None]
    return rays
