"""The object does not jitter."""

from typing import TYPE_CHECKING, Final

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import EPSILON_M, charbonnier, second_differences
from hoi_platform.core.optimizer.term import Need, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction

_POINTS: Final = 32
"""Number of surface points; chosen: many times the 6 degrees of freedom, and cheap."""


class ObjSmoothnessParams(Config):
    """Parameters of ``obj_smoothness``."""

    beta: float = Field(1.0, ge=0)
    """Factor of the term (GRAIL's name); see ``HumanSmoothnessParams.beta``."""


def obj_smoothness(
    prediction: "Prediction", observed: "Observations", params: ObjSmoothnessParams
) -> "Tensor":
    """β mean ρ(Δ²x · (fps/24)²) over surface points x (T, 32, 3), ρ Charbonnier at 1 mm; meters.

    Zero at constant velocity without rotation.
    """
    points = prediction.of_object(prediction.model.object_points[:_POINTS])
    change = second_differences(points) * observed.acceleration_factor
    return params.beta * charbonnier(change, EPSILON_M).mean()


TERMS = (Term(obj_smoothness, ObjSmoothnessParams, needs=(Need.MOVING_OBJECT,)),)
