"""The object's outline lies on the outline of its mask."""

from pydantic import Field
from torch import Tensor

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import MaskTargets, Outline, Targets
from hoi_platform.core.optimizer.terms.robust import charbonnier, weighted_mean

_JUST_INSIDE_PX = 0.5
"""Rim and contour points are the centers of the last pixels inside their outlines."""


class VertsTrackingParams(Config):
    """Parameters of ``verts_tracking``."""

    robust_px: float = Field(2.0, gt=0)
    """Error at which the measure turns from quadratic to linear (px at 1280)."""


def verts_tracking(prediction: Prediction, targets: Targets, params: VertsTrackingParams) -> Tensor:
    """½ mean ρ(D(π(x)) + ½) + ½ mean ρ(n · (π(x_c) − c)), ρ Charbonnier; pixels at 1280 wide.

    Model to mask: x are points of the model's rim (T, Q, 3) and D the mask's signed distance
    image. Mask to model: c, n are points and normals (T, C, 2) of the mask's contour, x_c the rim
    point nearest to c. What the person hides has no weight; frames count by their confidence.
    """
    masks, outline = targets.masks, targets.associations.outline
    assert masks is not None
    assert outline is not None
    scale = prediction.model.projector.reference_scale
    rim_px = prediction.model.projector.project(prediction.of_object(outline.points))
    outward = (masks.distance_at(rim_px) + _JUST_INSIDE_PX) * scale
    inward = _contour_residual(rim_px, masks, outline) * scale
    confidence = masks.confidence[:, None]
    return 0.5 * weighted_mean(
        charbonnier(outward[..., None], params.robust_px), outline.weight * confidence
    ) + 0.5 * weighted_mean(
        charbonnier(inward[..., None], params.robust_px), masks.contour_weight * confidence
    )


def _contour_residual(rim_px: Tensor, masks: MaskTargets, outline: Outline) -> Tensor:
    """(T, C): how far the rim lies outside of the contour, along the contour's normal."""
    nearest = rim_px.gather(1, outline.rim_of_contour[..., None].expand(-1, -1, 2))
    return ((nearest - masks.contour_px) * masks.contour_normal).sum(-1)
