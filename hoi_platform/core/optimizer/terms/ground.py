"""Soles do not sink into the ground."""

from typing import TYPE_CHECKING, Literal

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.term import Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


class GroundParams(Config):
    """Parameters of ``ground``."""

    height: float = 0.0
    """Height of the ground (m); GRAIL's name."""
    gravity_axis: Literal["z"] = "z"
    """The only one of GRAIL's values that fits this world."""


def ground(prediction: "Prediction", observed: "Observations", params: GroundParams) -> "Tensor":
    """mean max(0, h − z) over sole points (T, 2, N, 3); meters."""
    return (params.height - prediction.soles[..., 2]).clamp(min=0).mean()


TERMS = (Term(ground, GroundParams),)
