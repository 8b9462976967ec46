"""The views of the 3D page as ScenePic cameras."""

from typing import Any, Final

import numpy as np

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.services.viewer.world_view import side_camera

FREE_VIEW_PX: Final = (900, 620)
SMALL_VIEW_PX: Final = (440, 248)
_FREE_VIEW_FOV_DEG: Final = 36.0
_FREE_VIEW_TURN_DEG: Final = 35.0
_TOP_VIEW_FOV_DEG: Final = 32.0


def clip_camera(camera: Camera) -> Any:
    """The clip's own camera."""
    eye, R = camera.T_world_cam[:3, 3], camera.T_world_cam[:3, :3]
    return _camera(
        eye, eye + R[:, 2], -R[:, 1], _fov_deg(camera), (camera.width_px, camera.height_px)
    )


def free_camera(camera: Camera, extent: Array) -> Any:
    """A view from beside the clip's camera onto ``extent`` (2, 3)."""
    width, height = FREE_VIEW_PX
    focal = height / 2 / np.tan(np.radians(_FREE_VIEW_FOV_DEG) / 2)
    seen = side_camera(
        Camera(width, height, focal, camera.T_world_cam), extent, _FREE_VIEW_TURN_DEG
    )
    eye = seen.T_world_cam[:3, 3]
    up = np.array([0.0, 0.0, 1.0])
    return _camera(eye, extent.mean(axis=0), up, _FREE_VIEW_FOV_DEG, FREE_VIEW_PX)


def top_camera(camera: Camera, extent: Array) -> Any:
    """A view from above, the direction in which the clip's camera looks upward."""
    up = camera.T_world_cam[:3, 2] * [1, 1, 0]
    x, y, z = extent.mean(axis=0)
    reach = 0.65 * np.linalg.norm(np.ptp(extent[:, :2], axis=0))
    above = extent[1, 2] + reach / np.tan(np.radians(_TOP_VIEW_FOV_DEG) / 2)
    return _camera(
        np.array([x, y, above]), np.array([x, y, z]), up, _TOP_VIEW_FOV_DEG, SMALL_VIEW_PX
    )


def _camera(eye: Array, target: Array, up: Array, fov_deg: float, size_px: tuple[int, int]) -> Any:
    import scenepic as sp

    eye, target, up = (np.asarray(v, np.float32) for v in (eye, target, up))
    return sp.Camera(eye, target, up, fov_deg, aspect_ratio=size_px[0] / size_px[1])


def _fov_deg(camera: Camera) -> float:
    return float(np.degrees(2 * np.arctan(camera.height_px / 2 / camera.focal_px)))
