"""Renews what is looked up and not differentiated: outlines, visibility, nearest neighbors."""

from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from hoi_platform.core.optimizer.interface import OptimizerInput
from hoi_platform.core.optimizer.observations import (
    Associations,
    Attached,
    Cloud,
    CloudMatch,
    Observations,
    Pairs,
)
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.visible import (
    body_surface,
    object_rasters,
    object_surface,
    outline_of,
    rim_points,
)

_SURFACE_POINTS: Final = 400
"""Number of the visible samples that look for a measured neighbor; chosen."""


def refreshed(
    observed: Observations,
    prediction: Prediction,
    inputs: OptimizerInput,
    rng: np.random.Generator,
    phase_start: bool = True,
) -> Observations:
    """The same observations with associations for the present prediction.

    Which skin the camera sees takes most of the time and hardly changes: it is renewed at the
    start of a phase only.
    """
    with torch.no_grad():
        found = replace(
            _of_object(observed, prediction, inputs, rng),
            human_cloud=_of_human(observed, prediction, inputs, rng, phase_start),
        )
    return replace(observed, associations=found)


def _of_object(
    observed: Observations,
    prediction: Prediction,
    inputs: OptimizerInput,
    rng: np.random.Generator,
) -> Associations:
    if observed.masks is None and observed.object_cloud is None:
        return Associations()
    camera, outline, match = inputs.camera, None, None
    Ts = prediction.Ts_world_object.double().cpu().numpy()
    rasters = object_rasters(inputs.mesh, Ts, camera)
    if observed.masks is not None:
        outline = outline_of(prediction, observed.masks, *rim_points(rasters, Ts, camera, rng))
    if observed.object_cloud is not None:
        covered = inputs.tracks.human_masks
        seen = object_surface(prediction, rasters, inputs.mesh, covered, camera, rng)
        match = _match(prediction, seen, observed.object_cloud)
    return Associations(outline, match)


def _of_human(
    observed: Observations,
    prediction: Prediction,
    inputs: OptimizerInput,
    rng: np.random.Generator,
    phase_start: bool,
) -> CloudMatch | None:
    if observed.human_cloud is None:
        return None
    known = observed.associations.human_cloud
    if known is None or phase_start:
        covered = inputs.tracks.object_masks
        seen = body_surface(prediction, inputs.body, covered, inputs.camera, rng)
    else:
        seen = known.visible
    return _match(prediction, seen, observed.human_cloud)


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
