"""The person's path stays near its first estimate."""

from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets


class HumanTrajRegParams(Config):
    """``human_traj_reg`` has no parameters."""


def human_traj_reg(prediction: Prediction, targets: Targets, params: HumanTrajRegParams) -> Tensor:
    """mean |r|² over the translation residuals r (T, 3), the global offset included; m²."""
    moved = prediction.translation - targets.initial_translation
    return moved.square().sum(-1).mean()
