"""Joints do not jitter."""

from typing import TYPE_CHECKING

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import EPSILON_M, charbonnier, second_differences
from hoi_platform.core.optimizer.term import Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


class HumanSmoothnessParams(Config):
    """Parameters of ``human_smoothness``."""

    beta: float = Field(1.0, ge=0)
    """Weight of the second differences (GRAIL's name). Its first differences, which punish any
    motion, are left out here, so that this is a factor of the term."""


def human_smoothness(
    prediction: "Prediction", observed: "Observations", params: HumanSmoothnessParams
) -> "Tensor":
    """β mean ρ(Δ²x · (fps/24)²) over joints x (T, 55, 3), ρ Charbonnier at 1 mm; meters.

    Zero at constant velocity; the factor makes it the same motion's cost at any frame rate.
    """
    change = second_differences(prediction.posed.joints) * observed.acceleration_factor
    return params.beta * charbonnier(change, EPSILON_M).mean()


TERMS = (Term(human_smoothness, HumanSmoothnessParams),)
