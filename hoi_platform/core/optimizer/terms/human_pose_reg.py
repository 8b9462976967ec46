"""The pose stays near its first estimate."""

from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import Targets


class HumanPoseRegParams(Config):
    """``human_pose_reg`` has no parameters."""


def human_pose_reg(prediction: Prediction, targets: Targets, params: HumanPoseRegParams) -> Tensor:
    """mean |r|² over the residual rotations r (T, 55, 3); squared radians."""
    return prediction.variables.human_pose_res.square().sum(-1).mean()
