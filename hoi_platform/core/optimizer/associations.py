"""Renews what is looked up and not differentiated: outlines, visibility, nearest neighbors."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.raster import Raster, rasterize
from hoi_platform.core.optimizer.observation import HoiObservation
from hoi_platform.core.optimizer.outline import object_rasters, outline_of, rim_points
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Associations, Cloud, CloudMatch, Targets

_BODY_STRIDE = 4
"""Pixels per pixel of the body's depth image: enough to tell front from back."""


def refreshed(
    targets: Targets,
    prediction: Prediction,
    observation: HoiObservation,
    depth_tol: float,
    rng: np.random.Generator,
) -> Targets:
    """The same measurements with associations for the present prediction."""
    outline = object_cloud = human_cloud = None
    camera = observation.camera
    with torch.no_grad():
        if targets.masks is not None or targets.object_cloud is not None:
            Ts = prediction.Ts_world_object.double().cpu().numpy()
            rasters = object_rasters(observation.mesh, Ts, camera)
        if targets.masks is not None:
            outline = outline_of(prediction, targets.masks, *rim_points(rasters, Ts, camera, rng))
        if targets.object_cloud is not None:
            points = prediction.object_points
            seen = _visible(points, rasters, camera, 1, depth_tol)
            object_cloud = _match(points, seen, targets.object_cloud)
        if targets.human_cloud is not None:
            rasters = _body_rasters(prediction, observation)
            seen = _visible(prediction.skin, rasters, camera, _BODY_STRIDE, depth_tol)
            human_cloud = _match(prediction.skin, seen, targets.human_cloud)
    return replace(targets, associations=Associations(outline, object_cloud, human_cloud))


def _body_rasters(prediction: Prediction, observation: HoiObservation) -> list[Raster]:
    body, camera = observation.body, observation.camera
    vertices = body.skin(prediction.posed).double().cpu().numpy()
    return [rasterize(camera, frame, body.faces, _BODY_STRIDE) for frame in vertices]


def _visible(
    points: Tensor, rasters: list[Raster], camera: Camera, stride: int, tolerance_m: float
) -> NDArray[np.bool_]:
    """(T, N): the world points that lie within the tolerance of the first surface seen."""
    p_cam = camera.to_cam(points.double().cpu().numpy())
    uv = np.nan_to_num(camera.project_cam(p_cam) / stride, nan=-1.0)
    depth = np.stack([raster.depth for raster in rasters])
    h, w = depth.shape[1:]
    u, v = np.floor(uv[..., 0]).astype(int), np.floor(uv[..., 1]).astype(int)
    inside = (u >= 0) & (u < w) & (v >= 0) & (v < h)
    frame = np.arange(len(rasters))[:, None]
    front = depth[frame, v.clip(0, h - 1), u.clip(0, w - 1)]
    return inside & (np.abs(p_cam[..., 2] - front) < tolerance_m)


def _match(points: Tensor, seen: NDArray[np.bool_], cloud: Cloud) -> CloudMatch:
    """Nearest neighbors of (T, N, 3) model points; frame by frame, to bound the memory."""
    visible = torch.as_tensor(seen, device=points.device)
    of_cloud, of_model = [], []
    for model_t, visible_t, cloud_t, real_t in zip(
        points, visible, cloud.points, cloud.real, strict=True
    ):
        distance = torch.cdist(cloud_t, model_t)
        of_cloud.append((distance + torch.where(visible_t, 0.0, torch.inf)).argmin(dim=1))
        of_model.append((distance + torch.where(real_t, 0.0, torch.inf)[:, None]).argmin(dim=0))
    return CloudMatch(visible, torch.stack(of_cloud), torch.stack(of_model))
