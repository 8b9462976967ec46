"""The object's path stays near the tracked one."""

from pydantic import Field
from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.terms.robust import charbonnier


class ObjTrajRegParams(Config):
    """Parameters of ``obj_traj_reg``."""

    robust_m: float = Field(0.01, gt=0)
    """Distance at which the measure turns from quadratic to linear (m)."""
    depth_share: float = Field(1.0, ge=0, le=1)
    """Weight of the distance along the view, where a tracker is least sure."""


def obj_traj_reg(prediction: Prediction, targets: Targets, params: ObjTrajRegParams) -> Tensor:
    """mean c ρ(D (p − p₀)) over frames, ρ Charbonnier; meters.

    p, p₀: predicted and tracked center (T, 3); c: the tracker's confidence (T,), 0 where it cannot
    be trusted; D shortens what lies along the view by ``depth_share``.
    """
    moved = prediction.p_world_center - targets.tracked_center
    forward = prediction.model.projector.forward
    moved = moved - (1 - params.depth_share) * (moved @ forward)[:, None] * forward
    return (targets.object_confidence * charbonnier(moved, params.robust_m)).mean()
