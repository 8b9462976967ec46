"""Nothing moves the object before it is lifted."""

from typing import TYPE_CHECKING, Final

from hoi_platform.core.optimizer.robust import EPSILON_M, charbonnier, weighted_mean
from hoi_platform.core.optimizer.term import Need, NoParams, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction

_POINTS: Final = 64
"""Number of surface points; chosen: many times the 6 degrees of freedom, and cheap."""


def obj_precontact_reg(
    prediction: "Prediction", observed: "Observations", params: NoParams
) -> "Tensor":
    """mean ρ(x(t) − x_first) over surface points and the frames in which the object rests; meters.

    x: surface points (T, 64, 3); x_first: theirs at the rendered pose of frame 0. ρ: Charbonnier
    at 1 mm. It rests until it is touched and its mask has left its place (``optimizer.holding``).
    """
    import torch

    points = prediction.of_object(prediction.model.object_points[:_POINTS])
    moved = charbonnier(points - observed.first_object_points[:_POINTS], EPSILON_M).mean(-1)
    frames = torch.arange(len(moved), device=moved.device)
    return weighted_mean(moved, (frames < observed.contacts.rest).to(moved))


TERMS = (Term(obj_precontact_reg, needs=(Need.MOVING_OBJECT,)),)
