"""The person's path stays near its first estimate."""

from typing import TYPE_CHECKING

from hoi_platform.core.optimizer.term import NoParams, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


def human_traj_reg(
    prediction: "Prediction", observed: "Observations", params: NoParams
) -> "Tensor":
    """mean |r|² over the translation residuals r (T, 3), the global offset included; m²."""
    moved = prediction.translation - observed.initial_translation
    return moved.square().sum(-1).mean()


TERMS = (Term(human_traj_reg),)
