"""The rim of the object as the camera sees it: where its silhouette ends."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import Raster, rasterize
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import MaskTargets, Outline

RIM_POINTS = 128


def object_rasters(mesh: TriangleMesh, Ts_world_object: Array, camera: Camera) -> list[Raster]:
    """The object alone in every frame, at the camera's resolution."""
    return [
        rasterize(camera, transform_points(T, mesh.vertices), mesh.faces) for T in Ts_world_object
    ]


def rim_points(
    rasters: list[Raster], Ts_world_object: Array, camera: Camera, rng: np.random.Generator
) -> tuple[Array, NDArray[np.bool_]]:
    """(T, Q, 3) points in object coordinates at the silhouettes' last pixels, and which are real.

    Pixels at the border of the image are no rim: the object goes on beyond it.
    """
    points = np.zeros((len(rasters), RIM_POINTS, 3))
    real = np.zeros((len(rasters), RIM_POINTS), dtype=bool)
    inside = np.zeros(camera.shape, dtype=bool)
    inside[1:-1, 1:-1] = True
    for t, (raster, T) in enumerate(zip(rasters, Ts_world_object, strict=True)):
        seen = raster.silhouette
        v, u = np.nonzero(seen & ~ndimage.binary_erosion(seen) & inside)
        chosen = rng.permutation(len(v))[:RIM_POINTS]
        uv = np.stack([u[chosen], v[chosen]], axis=-1) + 0.5
        world = camera.unproject(uv, raster.depth[v[chosen], u[chosen]].astype(np.float64))
        points[t, : len(chosen)] = transform_points(inverse(T), world)
        real[t, : len(chosen)] = True
    return points, real


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
