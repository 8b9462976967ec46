"""The person starts where it was rendered and walks as it was first estimated."""

from typing import TYPE_CHECKING

from hoi_platform.core.optimizer.term import NoParams, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


def human_global_init_reg(
    prediction: "Prediction", observed: "Observations", params: NoParams
) -> "Tensor":
    """mean |Δp − Δp₀|² over frames + mean |x(0) − x₀(0)|² over joints; m².

    p: pelvis (T, 3); x(0): the first frame's joints (55, 3), known from the render; ₀: first
    estimate. The reference compares the pelvis' speeds alone.
    """
    p, p0 = prediction.translation, observed.initial_translation
    change = (p[1:] - p[:-1]) - (p0[1:] - p0[:-1])
    first = prediction.posed.joints[0] - observed.initial_joints[0]
    return change.square().sum(-1).mean() + first.square().sum(-1).mean()


TERMS = (Term(human_global_init_reg),)
