"""The object's orientation stays near the tracked one."""

from typing import TYPE_CHECKING

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import charbonnier
from hoi_platform.core.optimizer.term import Need, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


class ObjRotRegParams(Config):
    """Parameters of ``obj_rot_reg``."""

    robust_rad: float = Field(0.1, gt=0)
    """Angle at which the measure turns from quadratic to linear (rad); chosen."""


def obj_rot_reg(
    prediction: "Prediction", observed: "Observations", params: ObjRotRegParams
) -> "Tensor":
    """mean c ρ(‖R − R₀‖_F / √2) over frames, ρ Charbonnier; about radians (2 sin(θ/2)).

    R, R₀: predicted and tracked orientation (T, 3, 3); c: the tracker's confidence (T,), 0 where it
    cannot be trusted.
    """
    turned = (prediction.R_world_object - observed.R_tracked).flatten(1) / 2**0.5
    return (observed.object_confidence * charbonnier(turned, params.robust_rad)).mean()


TERMS = (Term(obj_rot_reg, ObjRotRegParams, needs=(Need.MOVING_OBJECT,)),)
