"""A hand that holds the object touches it."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import EPSILON_M, huber
from hoi_platform.core.optimizer.term import Need, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


class ContactParams(Config):
    """Parameters of ``contact``."""

    depth_only: bool = False
    """Pull along the viewing direction alone, where the image says least."""
    max_contact_dist: float | None = Field(None, gt=0)
    """A hand whose nearest point is farther than this (m) does not count: its label is wrong. GRAIL
    sets 0.15."""
    duration: Literal["all", "start"] = "all"
    """All frames with contact, or those within half a window of the first."""
    window_size: int = Field(8, ge=1)
    """See ``duration`` (frames; GRAIL's name, chosen: its contact interval)."""
    top_k: int = Field(16, ge=1)
    """Number of points of a hand that have to touch, the nearest ones; chosen: about two finger
    pads."""


def contact(prediction: "Prediction", observed: "Observations", params: ContactParams) -> "Tensor":
    """mean ρ(max(0, φ(x))) over the ``top_k`` nearest hand points x of each hand in contact; m².

    φ: the object's signed distance; x: hand points (T, 2, N, 3); ρ: Huber at 1 mm, so that far
    points cost 1 mm times their distance. The mean is over hands in contact, each counted by the
    confidence of its contact: an unsure one pulls less, also where it is the only one. With
    ``depth_only`` the distance is |(x − o)·d|, o the object's sample point nearest to x and d the
    viewing direction. Points inside the object touch it: ``penetration`` moves them out.
    """
    frames, hands, count, _ = prediction.hands.shape
    local = prediction.in_object(prediction.hands.flatten(1, 2))
    distance = observed.object_distance.sample(local).reshape(frames, hands, count)
    nearest = distance.topk(min(params.top_k, count), dim=-1, largest=False)
    touching = (
        observed.contacts.weight
        * observed.interaction(params.duration, params.window_size)[:, None]
    )
    if params.max_contact_dist is not None:
        touching = touching * (nearest.values[..., 0] < params.max_contact_dist)
    gap = nearest.values.clamp(min=0)
    if params.depth_only:
        gap = _depth_gap(prediction, nearest.indices)
    return (huber(gap, EPSILON_M).mean(-1) * touching).sum() / (touching > 0).sum().clamp(min=1)


def _depth_gap(prediction: "Prediction", chosen: "Tensor") -> "Tensor":
    """(T, 2, k): distance along the view from hand points to the object's nearest samples."""
    import torch

    hands = prediction.hands.gather(2, chosen[..., None].expand(-1, -1, -1, 3))
    touching, surface = hands.flatten(1, 2), prediction.object_points
    nearest = torch.cdist(touching.detach(), surface.detach()).argmin(-1)
    nearest_surface = surface.gather(1, nearest[..., None].expand(-1, -1, 3))
    gap = (touching - nearest_surface) @ prediction.model.projector.forward
    return gap.reshape(chosen.shape)


TERMS = (
    Term(contact, ContactParams, needs=(Need.MOVING_OBJECT, Need.CONTACT), ignored=("threshold",)),
)
