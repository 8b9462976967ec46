"""The object's path stays near the tracked one."""

from typing import TYPE_CHECKING

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import charbonnier
from hoi_platform.core.optimizer.term import Need, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


class ObjTrajRegParams(Config):
    """Parameters of ``obj_traj_reg``."""

    robust_m: float = Field(0.01, gt=0)
    """Distance at which the measure turns from quadratic to linear (m); chosen."""
    depth_share: float = Field(1.0, ge=0, le=1)
    """Weight of the distance along the view, where a tracker is least sure; chosen."""


def obj_traj_reg(
    prediction: "Prediction", observed: "Observations", params: ObjTrajRegParams
) -> "Tensor":
    """mean c ρ(D (p − p₀)) over frames, ρ Charbonnier; meters.

    p, p₀: predicted and tracked center (T, 3); c: the tracker's confidence (T,), 0 where it cannot
    be trusted; D shortens what lies along the view by ``depth_share``.
    """
    moved = prediction.p_world_center - observed.tracked_center
    forward = prediction.model.projector.forward
    moved = moved - (1 - params.depth_share) * (moved @ forward)[:, None] * forward
    return (observed.object_confidence * charbonnier(moved, params.robust_m)).mean()


TERMS = (Term(obj_traj_reg, ObjTrajRegParams, needs=(Need.MOVING_OBJECT,)),)
