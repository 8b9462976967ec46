"""Joints do not jitter."""

from pydantic import Field
from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.terms.robust import charbonnier, second_differences

_SCALE_M = 1e-3


class HumanSmoothnessParams(Config):
    """Parameters of ``human_smoothness``."""

    beta: float = Field(1.0, ge=0)
    """Weight of the second differences, as in the reference, whose first differences (a
    punishment of any motion) are left out here: it scales the term."""


def human_smoothness(
    prediction: Prediction, targets: Targets, params: HumanSmoothnessParams
) -> Tensor:
    """β mean ρ(Δ²x · (fps/24)²) over joints x (T, 55, 3), ρ Charbonnier at 1 mm; meters.

    Zero at constant velocity; the factor makes it the same motion's cost at any frame rate.
    """
    change = second_differences(prediction.posed.joints) * targets.acceleration_scale
    return params.beta * charbonnier(change, _SCALE_M).mean()
