"""What of the object's surface a camera sees at a pose (ray casting in the object's frame)."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array, Array32, Mask
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.lighting import Lighting
from hoi_platform.core.tracking.surface import TexturedSurface

_NEAR_M: Final = 0.05
"""Least depth of the object's box (m); chosen: nearer, it does not fit into an image."""


class View(NamedTuple):
    """The visible surface in a window of the image, one sample per ``stride`` pixels.

    Sample (row i, column j) of the window looks through pixel
    (``origin`` + (j + 0.5, i + 0.5) * ``stride``). The lists have one entry per hit.
    """

    origin: tuple[int, int]  # (u, v) of the window's corner
    stride: float
    hit: Bool[Mask, "h w"]
    depth: Float32[Array32, " N"]  # meters along +z of the camera
    p_object: Float[Array, "N 3"]
    normals: Float[Array, "N 3"]  # object frame, toward the camera
    albedo: Float[Array, "N 3"]  # linear RGB

    @property
    def uv(self) -> Float[Array, "N 2"]:
        """Pixels of the hits."""
        rows, columns = np.nonzero(self.hit)
        return (np.stack([columns, rows], axis=1) + 0.5) * self.stride + self.origin

    @property
    def grid(self) -> Float[Array, "h w 2"]:
        """Pixels of all samples."""
        h, w = self.hit.shape
        columns, rows = np.meshgrid(np.arange(w), np.arange(h))
        return (np.stack([columns, rows], axis=-1) + 0.5) * self.stride + self.origin

    def image(
        self, values: Float[Array, " N *channels"], fill: float = 0.0
    ) -> Float32[Array32, "h w *channels"]:
        """Values of the hits as an image, ``fill`` elsewhere."""
        out = np.full((*self.hit.shape, *values.shape[1:]), fill, dtype=np.float32)
        out[self.hit] = values
        return out


class SurfaceCaster:
    """Casts rays against one surface; the acceleration structure is built once."""

    def __init__(self, surface: TexturedSurface, camera: Camera) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self.surface = surface
        self.camera = camera
        self._scene = EmbreeScene(robust=True)
        # The scene keeps pointers only: these arrays must live as long as it.
        self._vertices = np.ascontiguousarray(surface.vertices, dtype=np.float32)
        self._faces = np.ascontiguousarray(surface.faces, dtype=np.int32)
        self._mesh = TriangleMesh(self._scene, self._vertices, self._faces)
        low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
        self.corners = np.array(np.meshgrid(*np.stack([low, high], axis=1))).reshape(3, 8).T

    def window(
        self, T_cam_object: Float[Array, "4 4"], margin_px: int
    ) -> tuple[slice, slice] | None:
        """Rows and columns that hold the object; None when not all of it is before the camera."""
        p_cam = transform_points(T_cam_object, self.corners)
        if not (p_cam[:, 2] > _NEAR_M).all():
            return None
        uv = self.camera.project_cam(p_cam)
        size = [self.camera.width_px, self.camera.height_px]
        low = np.clip(np.floor(uv.min(axis=0)) - margin_px, 0, size).astype(int)
        high = np.clip(np.ceil(uv.max(axis=0)) + margin_px, 0, size).astype(int)
        if (high - low < 2).any():
            return None
        return slice(low[1], high[1]), slice(low[0], high[0])

    def moved_px(self, T_a: Float[Array, "4 4"], T_b: Float[Array, "4 4"]) -> float:
        """Mean distance in the image between the box corners at two poses (inf when behind)."""
        a, b = (self.camera.project_cam(transform_points(T, self.corners)) for T in (T_a, T_b))
        distance = float(np.linalg.norm(a - b, axis=1).mean())
        return distance if np.isfinite(distance) else float("inf")

    def view(
        self, T_cam_object: Float[Array, "4 4"], stride: float = 1.0, margin_px: int = 4
    ) -> View | None:
        """The visible surface at a pose; None when none of it is in the image."""
        window = self.window(T_cam_object, margin_px)
        if window is None:
            return None
        rows, columns = window
        origin = (columns.start, rows.start)
        h = round((rows.stop - rows.start) / stride)
        w = round((columns.stop - columns.start) / stride)
        rays = self._rays(origin, stride, h, w)
        R, t = T_cam_object[:3, :3], T_cam_object[:3, 3]
        eyes = np.broadcast_to((-t @ R).astype(np.float32), rays.shape).copy()
        result = self._scene.run(
            eyes, (rays @ R).astype(np.float32), query="INTERSECT", output=True
        )
        face_ids = result["primID"]
        chosen = np.flatnonzero(face_ids >= 0)
        if not len(chosen):
            return None
        return self._shade(result, chosen, rays, (origin, stride, (h, w)), R)

    def _shade(
        self, result: dict, chosen: NDArray, rays: Array, window: tuple, R: Float[Array, "3 3"]
    ) -> View:
        origin, stride, shape = window
        face_ids = result["primID"][chosen]
        u, v = result["u"][chosen].astype(float), result["v"][chosen].astype(float)
        bary = np.stack([1.0 - u - v, u, v], axis=1)
        normals = self.surface.normals(face_ids, bary)
        away = np.einsum("nc,nc->n", normals, rays[chosen] @ R) > 0
        normals[away] *= -1.0
        return View(
            origin=origin,
            stride=stride,
            hit=(result["primID"] >= 0).reshape(shape),
            depth=result["tfar"][chosen],
            p_object=self.surface.positions(face_ids, bary),
            normals=normals,
            albedo=self.surface.albedo(face_ids, bary),
        )

    def _rays(
        self, origin: tuple[int, int], stride: float, h: int, w: int
    ) -> Float[Array, "rays 3"]:
        """Directions in the camera's frame with z = 1, so that tfar is the depth."""
        camera = self.camera
        u = (origin[0] + (np.arange(w) + 0.5) * stride - camera.width_px / 2) / camera.focal_px
        v = (origin[1] + (np.arange(h) + 0.5) * stride - camera.height_px / 2) / camera.focal_px
        rays = np.ones((h, w, 3))
        rays[..., 0], rays[..., 1] = u[None, :], v[:, None]
        return rays.reshape(-1, 3)


@dataclass(frozen=True)
class ObjectModel:
    """What stays the same while one frame is tracked: surface and camera, light, settings."""

    caster: SurfaceCaster
    lighting: Lighting
    config: TrackerConfig = field(default_factory=TrackerConfig)

    @property
    def camera(self) -> Camera:
        return self.caster.camera

    @property
    def center(self) -> Float[Array, "3"]:
        """In object coordinates."""
        return self.caster.surface.center
