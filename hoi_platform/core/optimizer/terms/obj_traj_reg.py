"""The object's path stays near the tracked one."""

from pydantic import Field
from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.terms.robust import charbonnier, weighted_mean


class ObjTrajRegParams(Config):
    """Parameters of ``obj_traj_reg``."""

    robust_m: float = Field(0.01, gt=0)
    """Distance at which the measure turns from quadratic to linear (m)."""


def obj_traj_reg(prediction: Prediction, targets: Targets, params: ObjTrajRegParams) -> Tensor:
    """Σ c ρ(p − p₀) / Σ c over frames, ρ Charbonnier; meters.

    p, p₀: predicted and tracked center (T, 3); c: the tracker's confidence (T,).
    """
    moved = prediction.p_world_center - targets.tracked_center
    return weighted_mean(charbonnier(moved, params.robust_m), targets.object_confidence)
