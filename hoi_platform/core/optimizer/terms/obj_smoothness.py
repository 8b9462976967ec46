"""The object does not jitter."""

from pydantic import Field
from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.terms.robust import charbonnier, second_differences

_SCALE_M = 1e-3
_POINTS = 32


class ObjSmoothnessParams(Config):
    """Parameters of ``obj_smoothness``."""

    beta: float = Field(1.0, ge=0)
    """Scales the term; see ``HumanSmoothnessParams.beta``."""


def obj_smoothness(prediction: Prediction, targets: Targets, params: ObjSmoothnessParams) -> Tensor:
    """β mean ρ(Δ²x · (fps/24)²) over 32 surface points x (T, 32, 3), ρ Charbonnier at 1 mm; meters.

    Zero at constant velocity without rotation.
    """
    points = prediction.of_object(prediction.model.object_points[:_POINTS])
    change = second_differences(points) * targets.acceleration_scale
    return params.beta * charbonnier(change, _SCALE_M).mean()
