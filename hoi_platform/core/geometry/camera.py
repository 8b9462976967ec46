"""The static pinhole camera of a clip (conventions: ``core.geometry``)."""

from dataclasses import dataclass
from math import hypot

import numpy as np
from jaxtyping import Float, Float64
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.transforms import inverse, rigid, transform_points


def default_focal_length_px(width_px: int, height_px: int) -> float:
    """The reference's focal length: the diagonal of the image in pixels."""
    return hypot(width_px, height_px)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera with square pixels and no distortion."""

    width_px: int
    height_px: int
    focal_px: float
    T_world_cam: Float[Array, "4 4"]

    @property
    def K(self) -> Float[Array, "3 3"]:
        """The intrinsic matrix; the principal point is the image center."""
        return np.array(
            [
                [self.focal_px, 0.0, self.width_px / 2],
                [0.0, self.focal_px, self.height_px / 2],
                [0.0, 0.0, 1.0],
            ]
        )

    @property
    def T_cam_world(self) -> Float[Array, "4 4"]:
        return inverse(self.T_world_cam)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of its images."""
        return self.height_px, self.width_px

    def project(self, p_world: Float[Array, "*batch 3"]) -> Float[Array, "*batch 2"]:
        """World points → pixels; points at or behind the camera give nan."""
        return self.project_cam(self.to_cam(p_world))

    def project_cam(self, p_cam: Float[Array, "*batch 3"]) -> Float[Array, "*batch 2"]:
        """Camera points → pixels; points at or behind the camera give nan."""
        z = np.where(p_cam[..., 2] > 0, p_cam[..., 2], np.nan)
        center = np.array([self.width_px, self.height_px]) / 2
        return self.focal_px * p_cam[..., :2] / z[..., None] + center

    def to_cam(self, p_world: Float[Array, "*batch 3"]) -> Float[Array, "*batch 3"]:
        """World points → camera coordinates."""
        flat = transform_points(self.T_cam_world, np.asarray(p_world, float).reshape(-1, 3))
        return flat.reshape(np.shape(p_world))

    def unproject(
        self, uv: Float[Array, "*batch 2"], depth: Float[Array, "*batch"]
    ) -> Float[Array, "*batch 3"]:
        """Pixels with their z-depth in meters → world points."""
        center = np.array([self.width_px, self.height_px]) / 2
        xy = (uv - center) / self.focal_px * depth[..., None]
        p_cam = np.concatenate([xy, depth[..., None]], axis=-1)
        return transform_points(self.T_world_cam, p_cam.reshape(-1, 3)).reshape(p_cam.shape)

    def pixel_centers(self) -> Float64[NDArray[np.float64], "height width 2"]:
        """The pixel centers (u, v)."""
        u, v = np.arange(self.width_px) + 0.5, np.arange(self.height_px) + 0.5
        return np.stack(np.meshgrid(u, v), axis=-1)

    def to_json(self) -> dict[str, object]:
        return {
            "width_px": self.width_px,
            "height_px": self.height_px,
            "focal_px": self.focal_px,
            "T_world_cam": self.T_world_cam.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict) -> "Camera":
        return cls(
            data["width_px"], data["height_px"], data["focal_px"], np.array(data["T_world_cam"])
        )


def look_at(
    width_px: int,
    height_px: int,
    focal_px: float,
    eye: Float[Array, "3"],
    target: Float[Array, "3"],
    roll: float = 0.0,
) -> Camera:
    """A camera at ``eye`` that looks at ``target`` with the world's +z upward in its image.

    ``roll`` (radians) turns the image clockwise. Raises ValueError when the view is vertical.
    """
    forward: Array = np.asarray(target, float) - np.asarray(eye, float)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    if np.linalg.norm(right) < 1e-9 * max(float(np.linalg.norm(forward)), 1e-12):
        raise ValueError("a camera that looks straight up or down has no upward direction")
    z = forward / np.linalg.norm(forward)
    x = right / np.linalg.norm(right)
    y = np.cross(z, x)
    c, s = np.cos(roll), np.sin(roll)
    R = np.stack([c * x + s * y, -s * x + c * y, z], axis=-1)
    return Camera(width_px, height_px, focal_px, rigid(R, np.asarray(eye, float)))
