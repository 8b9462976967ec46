"""Nobody sinks into the ground."""

from typing import Literal

from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets


class GroundParams(Config):
    """Parameters of ``ground``."""

    height: float = 0.0
    """Height of the ground (m)."""
    gravity_axis: Literal["z"] = "z"


def ground(prediction: Prediction, targets: Targets, params: GroundParams) -> Tensor:
    """mean max(0, h − z) over sole points (T, 2, N, 3); meters."""
    return (params.height - prediction.soles[..., 2]).clamp(min=0).mean()
