"""Landmarks project onto their detections."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.robust import charbonnier, weighted_mean
from hoi_platform.core.optimizer.term import Term

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


class KeypointTrackingParams(Config):
    """Parameters of ``keypoint_tracking``."""

    beta: float = Field(0.3, ge=0)
    """Weight of the mean over hand landmarks beside that over body landmarks; GRAIL: 0.1."""
    duration: Literal["all", "start"] = "all"
    """All frames, or those within 4 frames of the first contact."""
    robust_px: float = Field(4.0, gt=0)
    """Error at which the measure turns from quadratic to linear (px at 1280); chosen."""
    conf_thres: float = Field(0.2, ge=0, le=1)
    """Fraction: detections below this confidence do not count; chosen."""


def keypoint_tracking(
    prediction: "Prediction", observed: "Observations", params: KeypointTrackingParams
) -> "Tensor":
    """m(body) + β m(hands), m = Σ c ρ(|π(x) − u|) / Σ c, ρ Charbonnier; pixels at 1280 wide.

    x: landmarks (T, K, 3); u, c: detections (T, K, 2) and confidences (T, K).
    """
    keypoints = observed.keypoints
    error = (prediction.keypoints_px - keypoints.px) * prediction.model.projector.px_at_1280
    confidence = keypoints.confidence * (keypoints.confidence >= params.conf_thres)
    if params.duration == "start":
        confidence = confidence * observed.interaction("start", 8)[:, None]
    cost, hand = charbonnier(error, params.robust_px), keypoints.is_hand.to(error)
    body = weighted_mean(cost, confidence * (1 - hand))
    return body + params.beta * weighted_mean(cost, confidence * hand)


TERMS = (Term(keypoint_tracking, KeypointTrackingParams),)
