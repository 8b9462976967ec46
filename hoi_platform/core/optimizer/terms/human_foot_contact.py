"""A planted foot stays where it is, on the ground."""

from typing import TYPE_CHECKING, Final

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import charbonnier, weighted_mean
from hoi_platform.core.optimizer.term import Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction

_EPSILON_M: Final = 5e-4
"""Meters; chosen: half of what other terms forgive, for a planted foot does not move."""
_LOWEST: Final = 4
"""Number of points per sole whose mean height is the foot's; chosen: a quarter of them."""


class HumanFootContactParams(Config):
    """Parameters of ``human_foot_contact``."""

    threshold: float = Field(0.5, ge=0, le=1)
    """Probability above which a foot counts as planted; chosen."""
    ground: float = Field(1.0, ge=0)
    """Weight of the height above z = 0 beside the sliding; chosen."""


def human_foot_contact(
    prediction: "Prediction", observed: "Observations", params: HumanFootContactParams
) -> "Tensor":
    """mean ρ(Δx · fps/24) over pairs of planted frames + ground · mean ρ(z_low); meters.

    x: sole points (T, 2, N, 3); z_low: the 4 lowest points of a planted sole; what is below
    z = 0 counts in any frame. ρ: Charbonnier at 0.5 mm.
    """
    soles = prediction.soles
    planted = (observed.foot_contact > params.threshold).to(soles)
    step = charbonnier(soles[1:] - soles[:-1], _EPSILON_M) * (observed.fps / 24.0)
    sliding = weighted_mean(step.mean(-1), planted[1:] * planted[:-1])
    heights = soles[..., 2]
    lowest = heights.topk(min(_LOWEST, heights.shape[-1]), dim=-1, largest=False).values
    hovering = weighted_mean(charbonnier(lowest[..., None], _EPSILON_M).mean(-1), planted)
    return sliding + params.ground * (hovering + (-heights).clamp(min=0).mean())


TERMS = (Term(human_foot_contact, HumanFootContactParams),)
