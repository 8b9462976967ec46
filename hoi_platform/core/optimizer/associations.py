"""Renews what is looked up and not differentiated: outlines, visibility, nearest neighbors."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from hoi_platform.core.optimizer.observation import HoiObservation
from hoi_platform.core.optimizer.outline import outline_of, rim_points
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import (
    Associations,
    Attached,
    Cloud,
    CloudMatch,
    Pairs,
    Targets,
)
from hoi_platform.core.optimizer.visible import body_surface, object_rasters, object_surface

_SURFACE_POINTS = 400
"""Of the visible samples: those that look for a measured neighbor."""


def refreshed(
    targets: Targets,
    prediction: Prediction,
    observation: HoiObservation,
    rng: np.random.Generator,
    stage_start: bool = True,
) -> Targets:
    """The same measurements with associations for the present prediction.

    Which skin the camera sees takes most of the time and hardly changes: it is renewed at the
    start of a stage only.
    """
    with torch.no_grad():
        found = replace(
            _of_object(targets, prediction, observation, rng),
            human_cloud=_of_human(targets, prediction, observation, rng, stage_start),
        )
    return replace(targets, associations=found)


def _of_object(
    targets: Targets,
    prediction: Prediction,
    observation: HoiObservation,
    rng: np.random.Generator,
) -> Associations:
    if targets.masks is None and targets.object_cloud is None:
        return Associations()
    camera, outline, match = observation.camera, None, None
    Ts = prediction.Ts_world_object.double().cpu().numpy()
    rasters = object_rasters(observation.mesh, Ts, camera)
    if targets.masks is not None:
        outline = outline_of(prediction, targets.masks, *rim_points(rasters, Ts, camera, rng))
    if targets.object_cloud is not None:
        covered = observation.tracks.human_masks
        seen = object_surface(prediction, rasters, observation.mesh, covered, camera, rng)
        match = _match(prediction, seen, targets.object_cloud)
    return Associations(outline, match)


def _of_human(
    targets: Targets,
    prediction: Prediction,
    observation: HoiObservation,
    rng: np.random.Generator,
    stage_start: bool,
) -> CloudMatch | None:
    if targets.human_cloud is None:
        return None
    known = targets.associations.human_cloud
    if known is None or stage_start:
        covered = observation.tracks.object_masks
        seen = body_surface(prediction, observation.body, covered, observation.camera, rng)
    else:
        seen = known.visible
    return _match(prediction, seen, targets.human_cloud)


def _match(prediction: Prediction, seen: Attached, cloud: Cloud) -> CloudMatch:
    """Nearest neighbors, frame by frame to bound the memory."""
    points, _ = prediction.carried(seen)
    of_cloud, of_surface = [], []
    for point, is_point, measured, is_measured in zip(
        points, seen.real, cloud.points, cloud.real, strict=True
    ):
        distance = torch.cdist(measured, point)
        of_cloud.append((distance + _never(~is_point)).argmin(dim=1))
        distance = distance[:, :_SURFACE_POINTS] + _never(~is_measured)[:, None]
        of_surface.append(distance.argmin(dim=0))
    nearest_surface = seen.at(torch.stack(of_cloud))
    some = torch.arange(_SURFACE_POINTS, device=points.device).expand(len(points), -1)
    nearest_cloud = torch.stack(of_surface)
    both = seen.real.any(dim=1, keepdim=True) & cloud.real.any(dim=1, keepdim=True)
    surface = seen.at(some)
    return CloudMatch(
        seen,
        Pairs(nearest_surface, cloud.points, cloud.real & both),
        Pairs(
            surface,
            cloud.points.gather(1, nearest_cloud[..., None].expand(-1, -1, 3)),
            surface.real & both,
        ),
    )


def _never(mask: Tensor) -> Tensor:
    """An infinite distance where ``mask`` holds."""
    return torch.where(mask, torch.inf, 0.0)
