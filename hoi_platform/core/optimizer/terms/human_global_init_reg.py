"""The person starts where it was rendered and walks as it was first estimated."""

from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets


class HumanGlobalInitRegParams(Config):
    """``human_global_init_reg`` has no parameters."""


def human_global_init_reg(
    prediction: Prediction, targets: Targets, params: HumanGlobalInitRegParams
) -> Tensor:
    """mean |Δp − Δp₀|² over frames + mean |x(0) − x₀(0)|² over joints; m².

    p: pelvis (T, 3); x(0): the first frame's joints (55, 3), known from the render; ₀: first
    estimate. The reference compares the pelvis' speeds alone.
    """
    p, p0 = prediction.translation, targets.initial_translation
    change = (p[1:] - p[:-1]) - (p0[1:] - p0[:-1])
    first = prediction.posed.joints[0] - targets.initial_joints[0]
    return change.square().sum(-1).mean() + first.square().sum(-1).mean()
