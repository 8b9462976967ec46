"""Bodies, object and supports do not share space."""

from typing import TYPE_CHECKING, Final

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.term import Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction

_SKIN_POINTS: Final = 200
"""Number of points; chosen: the first ones are as even a sample as all of them."""


class PenetrationParams(Config):
    """Parameters of ``penetration``."""

    tolerance: float = Field(0.002, ge=0)
    """Depth that soft skin allows (m); chosen."""


def penetration(
    prediction: "Prediction", observed: "Observations", params: PenetrationParams
) -> "Tensor":
    """mean_t Σ_x max(0, d(x) − tolerance) / N summed over pairs; meters.

    Body in object: d = −φ(x), φ the object's signed distance, x the N points of hands and skin;
    object and hands in each support: d the depth below the support's nearest face.
    """
    import torch

    hands = prediction.hands.flatten(1, 2)
    body = torch.cat([hands, prediction.skin[:, :_SKIN_POINTS]], dim=1)
    depths = [-observed.object_distance.sample(prediction.in_object(body))]
    for obstacle in observed.obstacles:
        depths += [obstacle.depth_inside(p) for p in (prediction.object_points, hands)]
    total = body.new_zeros(())
    for depth in depths:
        total = total + (depth - params.tolerance).clamp(min=0).mean()
    return total


TERMS = (Term(penetration, PenetrationParams),)
