"""Visible surfaces lie on the measured depth."""

from pydantic import Field
from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Cloud, CloudMatch, Targets
from hoi_platform.core.optimizer.terms.robust import charbonnier, trimmed, weighted_mean

_SCALE_M = 1e-3


class DepthPointcloudParams(Config):
    """Parameters of ``depth_pointcloud``."""

    num_gt_samples: int = Field(3000, ge=1)
    """Points of the measured cloud per frame and surface."""
    trim_pct: float = Field(0.2, ge=0, lt=1)
    """Fraction of the largest distances of each frame that is left out."""
    depth_tol: float = Field(0.02, gt=0)
    """A model point this much behind the rendered surface still counts as visible (m)."""
    interval: int = Field(1, ge=1)
    """Use every n-th frame."""


def depth_pointcloud(
    prediction: Prediction, targets: Targets, params: DepthPointcloudParams
) -> Tensor:
    """Σ over object and person of ½ mean ρ(q − x_q) + ½ mean ρ(x − q_x), trimmed; meters.

    q: cloud points (T, P, 3); x: visible model points (T, N, 3); x_q, q_x: their nearest neighbors,
    renewed on a schedule. ρ: Charbonnier at 1 mm. The mean is over the smallest ``1 - trim_pct``
    of each frame's distances. A surface without measured depth adds nothing.
    """
    found = targets.associations
    total = prediction.translation.new_zeros(())
    if targets.object_cloud is not None and found.object_cloud is not None:
        total = total + _chamfer(
            prediction.object_points, targets.object_cloud, found.object_cloud, params
        )
    if targets.human_cloud is not None and found.human_cloud is not None:
        total = total + _chamfer(prediction.skin, targets.human_cloud, found.human_cloud, params)
    return total


def _chamfer(
    points: Tensor, cloud: Cloud, match: CloudMatch, params: DepthPointcloudParams
) -> Tensor:
    frames, count = slice(None, None, params.interval), params.num_gt_samples
    cloud_points, real = cloud.points[frames, :count], cloud.real[frames, :count]
    points, visible = points[frames], match.visible[frames]
    seen = real.any(dim=1, keepdim=True) & visible.any(dim=1, keepdim=True)
    measures = (
        (cloud_points, _take(points, match.model_of_cloud[frames, :count]), real & seen),
        (points, _take(cloud.points[frames], match.cloud_of_model[frames]), visible & seen),
    )
    total = points.new_zeros(())
    for a, b, counts in measures:
        distance = charbonnier(a - b, _SCALE_M)
        total = total + 0.5 * weighted_mean(distance, trimmed(distance, counts, params.trim_pct))
    return total


def _take(points: Tensor, index: Tensor) -> Tensor:
    """Points (T, N, 3) at (T, M) indices → (T, M, 3)."""
    return points.gather(1, index[..., None].expand(-1, -1, 3))
