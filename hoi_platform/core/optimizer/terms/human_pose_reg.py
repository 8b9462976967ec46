"""The pose stays near its first estimate."""

from typing import TYPE_CHECKING

from hoi_platform.core.optimizer.term import NoParams, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


def human_pose_reg(
    prediction: "Prediction", observed: "Observations", params: NoParams
) -> "Tensor":
    """mean |r|² over the residual rotations r (T, 55, 3); squared radians."""
    return prediction.variables.human_pose_res.square().sum(-1).mean()


TERMS = (Term(human_pose_reg),)
