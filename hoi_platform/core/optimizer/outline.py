"""The rim of the object as the camera sees it: where its silhouette ends."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.raster import Raster
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import MaskTargets, Outline

RIM_POINTS = 128


def rim_points(
    rasters: list[Raster], Ts_world_object: Array, camera: Camera, rng: np.random.Generator
) -> tuple[Array, NDArray[np.bool_]]:
    """(T, Q, 3) points in object coordinates at the silhouettes' last pixels, and which are real.

    Pixels at the border of the image are no rim: the object goes on beyond it.
    """
    points = np.zeros((len(rasters), RIM_POINTS, 3))
    real = np.zeros((len(rasters), RIM_POINTS), dtype=bool)
    for t, (raster, T) in enumerate(zip(rasters, Ts_world_object, strict=True)):
        v, u = _last_pixels(raster.silhouette)
        chosen = rng.permutation(len(v))[:RIM_POINTS]
        uv = np.stack([u[chosen], v[chosen]], axis=-1) + 0.5
        world = camera.unproject(uv, raster.depth[v[chosen], u[chosen]].astype(np.float64))
        points[t, : len(chosen)] = transform_points(inverse(T), world)
        real[t, : len(chosen)] = True
    return points, real


def _last_pixels(seen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of a silhouette's pixels next to its outside, without the image's border."""
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return rows, columns
    top, left = max(0, rows[0] - 1), max(0, columns[0] - 1)
    window = seen[top : rows[-1] + 2, left : columns[-1] + 2]
    v, u = np.nonzero(window & ~ndimage.binary_erosion(window, border_value=True))
    v, u = v + top, u + left
    h, w = seen.shape
    inner = (v > 0) & (u > 0) & (v < h - 1) & (u < w - 1)
    return v[inner], u[inner]


def outline_of(
    prediction: Prediction, masks: MaskTargets, points: Array, real: NDArray[np.bool_]
) -> Outline:
    """Rim points (object coordinates) with their visibility and their contour's neighbors."""
    model = prediction.model
    rim = torch.as_tensor(points).to(model.translation) - model.object_center
    is_real = torch.as_tensor(real, device=rim.device)
    with torch.no_grad():
        uv = model.projector.project(prediction.of_object(rim))
        far = torch.where(is_real, 0.0, torch.inf)
        distance = torch.cdist(masks.contour_px, uv) + far[:, None]
        weight = is_real.to(rim) * (1 - masks.hidden_at(uv))
    return Outline(rim, weight, distance.argmin(dim=-1))
