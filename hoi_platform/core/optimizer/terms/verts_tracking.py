"""The object's outline lies on the outline of its mask."""

from typing import TYPE_CHECKING, Final

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import charbonnier, weighted_mean
from hoi_platform.core.optimizer.term import Need, Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations, ObservedMasks, Outline
    from hoi_platform.core.optimizer.prediction import Prediction

_JUST_INSIDE_PX: Final = 0.5
"""Pixels, by definition: rim and contour points are centers of the last pixels inside."""


class VertsTrackingParams(Config):
    """Parameters of ``verts_tracking``."""

    robust_px: float = Field(2.0, gt=0)
    """Error at which the measure turns from quadratic to linear (px at 1280); chosen."""


def verts_tracking(
    prediction: "Prediction", observed: "Observations", params: VertsTrackingParams
) -> "Tensor":
    """½ mean ρ(D(π(x)) + ½) + ½ mean ρ(n · (π(x_c) − c)), ρ Charbonnier; pixels at 1280 wide.

    Model to mask: x are points of the model's rim (T, Q, 3) and D the mask's signed distance
    image. Mask to model: c, n are points and normals (T, C, 2) of the mask's contour, x_c the rim
    point nearest to c. What the person hides has no weight; frames count by their confidence.
    """
    masks, outline = observed.masks, observed.associations.outline
    assert masks is not None
    assert outline is not None
    px_at_1280 = prediction.model.projector.px_at_1280
    rim_px = prediction.model.projector.project(prediction.of_object(outline.points))
    outward = (masks.distance_at(rim_px) + _JUST_INSIDE_PX) * px_at_1280
    inward = _contour_residual(rim_px, masks, outline) * px_at_1280
    confidence = masks.confidence[:, None]
    return 0.5 * weighted_mean(
        charbonnier(outward[..., None], params.robust_px), outline.weight * confidence
    ) + 0.5 * weighted_mean(
        charbonnier(inward[..., None], params.robust_px), masks.contour_weight * confidence
    )


def _contour_residual(rim_px: "Tensor", masks: "ObservedMasks", outline: "Outline") -> "Tensor":
    """(T, C): how far the rim lies outside of the contour, along the contour's normal."""
    nearest = rim_px.gather(1, outline.rim_of_contour[..., None].expand(-1, -1, 2))
    return ((nearest - masks.contour_px) * masks.contour_normal).sum(-1)


TERMS = (
    Term(
        verts_tracking,
        VertsTrackingParams,
        needs=(Need.MOVING_OBJECT, Need.OBJECT_MASK),
        ignored=("threshold",),
    ),
)
