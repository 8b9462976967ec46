"""While it holds the object, a hand does not slip on it."""

from typing import TYPE_CHECKING, Final

from pydantic import Field

from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import EPSILON_M, charbonnier, weighted_mean
from hoi_platform.core.optimizer.term import Need, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction

_PALM: Final = ("wrist", "index1", "middle1", "ring1", "pinky1", "thumb2")


class ContactSmoothnessParams(Config):
    """Parameters of ``contact_smoothness``."""

    window: int = Field(8, ge=1)
    """Longest time over which the hand is compared with itself (frames at 24 fps); chosen: a third
    of a second."""
    stride: int = Field(2, ge=1)
    """Accepted for the reference's files (frames); all frames are compared here."""


def contact_smoothness(
    prediction: "Prediction", observed: "Observations", params: ContactSmoothnessParams
) -> "Tensor":
    """Σ_k mean ρ(y(t+k) − y(t)) over hands in contact from t to t+k, k = 1 and the window; meters.

    y = R_objectᵀ (x − p_object): wrist and knuckles x (T, 2, 6, 3) in object coordinates.
    ρ: Charbonnier at 1 mm. The reference's smooths vertex distances in windows instead.
    """
    joints = prediction.posed.joints[:, _palm_joints()]
    local = prediction.in_object(joints).reshape(len(joints), 2, len(_PALM), 3)
    window = min(max(1, round(params.window * observed.fps / 24.0)), len(joints) - 1)
    total = local.new_zeros(())
    for lag in sorted({1, window}):
        held = _held_throughout(observed.contacts.weight, lag)
        slip = charbonnier(local[lag:] - local[:-lag], EPSILON_M).mean(-1)
        total = total + weighted_mean(slip, held)
    return total


def _palm_joints() -> list[int]:
    return [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in _PALM]


def _held_throughout(weight: "Tensor", lag: int) -> "Tensor":
    """(T - lag, 2): the least weight in frames t … t + lag, 0 where one is without contact."""
    import torch

    return torch.stack([weight[k : len(weight) - lag + k] for k in range(lag + 1)]).amin(dim=0)


TERMS = (
    Term(contact_smoothness, ContactSmoothnessParams, needs=(Need.MOVING_OBJECT, Need.CONTACT)),
)
