"""Visible surfaces lie on the measured depth."""

from typing import TYPE_CHECKING

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import EPSILON_M, charbonnier, trimmed, weighted_mean
from hoi_platform.core.optimizer.term import Need, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import CloudMatch, Observations, Pairs
    from hoi_platform.core.optimizer.prediction import Prediction


class DepthPointcloudParams(Config):
    """Parameters of ``depth_pointcloud``; names and values are GRAIL's."""

    num_gt_samples: int = Field(3000, ge=1)
    """Number of points of the measured cloud per frame and surface."""
    trim_pct: float = Field(0.2, ge=0, lt=1)
    """Fraction of the largest distances of each frame that is left out."""
    depth_tol: float = Field(0.02, gt=0)
    """Accepted for the reference's files, where a vertex this much behind the rendered surface
    (m) counts as visible; here surfaces are sampled where they are seen."""
    interval: int = Field(1, ge=1)
    """Use every n-th frame (a number of frames)."""


def depth_pointcloud(
    prediction: "Prediction", observed: "Observations", params: DepthPointcloudParams
) -> "Tensor":
    """Σ over object and person of ½ m(q → x_q) + ½ m(x → q_x), m = mean ρ(n · (x − q)); meters.

    q: measured points (T, P, 3); x: visible surface points with normals n; x_q, q_x: nearest
    neighbors, renewed on a schedule. ρ: Charbonnier at 1 mm. The mean is over the pairs with the
    smallest ``1 - trim_pct`` distances of each frame. Distances along the normal make it blind to
    how points are spread over the surfaces, so that the truth costs nothing.
    """
    found = observed.associations
    total = prediction.translation.new_zeros(())
    for match in (found.object_cloud, found.human_cloud):
        if match is not None:
            total = total + _chamfer(prediction, match, params)
    return total


def _chamfer(
    prediction: "Prediction", match: "CloudMatch", params: DepthPointcloudParams
) -> "Tensor":
    import torch

    directions = (match.of_cloud, match.of_surface)
    return 0.5 * torch.stack([_distance(prediction, d, params) for d in directions]).sum()


def _distance(prediction: "Prediction", pairs: "Pairs", params: DepthPointcloudParams) -> "Tensor":
    import torch

    points, normals = prediction.carried(pairs.surface)
    gap = points - pairs.measured
    frames = torch.arange(len(gap), device=gap.device)[:, None] % params.interval == 0
    kept = trimmed(gap.norm(dim=-1), pairs.real & frames, params.trim_pct)
    return weighted_mean(charbonnier((gap * normals).sum(-1, keepdim=True), EPSILON_M), kept)


TERMS = (Term(depth_pointcloud, DepthPointcloudParams, needs=(Need.DEPTH,), ignored=("duration",)),)
