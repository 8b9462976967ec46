"""Gates on the identity of a mask: is it still the same person, the same object?

Each gate is a ramp from confidence 0 to 1. A mask's confidence is their product; a gate below one
half is reported with its reason.
"""

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.segmentation.config import GateConfig, Ramp
from hoi_platform.core.segmentation.images import Soft, outline_distance_px
from hoi_platform.core.segmentation.likelihood import HUMAN, OBJECT, color_support, favored
from hoi_platform.core.segmentation.posterior import Labels
from hoi_platform.core.segmentation.prior import Prediction


class GateResult(NamedTuple):
    """Confidence in [0, 1] and the reasons of the gates that fired."""

    confidence: float
    reasons: tuple[str, ...]
    foreign: bool = False
    """The colors are those of something else."""

    def capped(self, confidence: float) -> "GateResult":
        """No more confident than that."""
        return self._replace(confidence=min(self.confidence, confidence))


class Areas(NamedTuple):
    """Areas of a mask in the frames before, in pixels."""

    first: int
    last: int
    usual: float


@dataclass(frozen=True)
class Measured:
    """What the gates judge of one mask in one frame; what is not measured passes."""

    area: int
    areas: Areas
    overlap: float  # IoU with the predicted mask
    color_support: float  # see ``likelihood.color_support``
    left_out: float = 0.0  # area beside it whose colors favor its label, as a share of its own
    body_overlap: float = 1.0  # IoU with the fitted body's silhouette


def measured_object(
    labels: Labels, log_likelihood: Float[Array, "3 h w"], predicted: Prediction, areas: Areas
) -> Measured:
    """The object's mask; all images are of one window."""
    mask, area = labels.object, int(labels.object.sum())
    nearby = outline_distance_px(mask) < predicted.size_px
    left_out = nearby & ~mask & favored(log_likelihood, OBJECT)
    return Measured(
        area,
        areas,
        overlap=iou(mask, predicted.object & ~labels.human),
        color_support=color_support(log_likelihood, OBJECT, mask),
        left_out=float(left_out.sum()) / max(area, 1),
    )


def measured_human(
    labels: Labels, log_likelihood: Float[Array, "3 h w"], predicted: Prediction, areas: Areas
) -> Measured:
    """As ``measured_object``."""
    return Measured(
        int(labels.human.sum()),
        areas,
        overlap=iou(labels.human, predicted.human > 0.5),
        color_support=color_support(log_likelihood, HUMAN, labels.human),
        body_overlap=iou(labels.human, predicted.body & ~labels.object),
    )


def gated(name: str, mask: Measured, gates: GateConfig) -> GateResult:
    """The product of all gates."""
    size = mask.area / max(mask.areas.usual, 1.0)
    growth = mask.area / max(mask.areas.first, 1)
    ratio = max(mask.area, 1) / max(mask.areas.last, 1)
    change = max(ratio, 1 / ratio)
    color, left_out = 100 * mask.color_support, 100 * mask.left_out
    scores = {
        f"its area is {100 * size:.0f} % of the usual": ramp(size, gates.area),
        f"its area is {growth:.1f} times the first": ramp(growth, gates.growth),
        f"its area changed by a factor of {change:.2f}": ramp(change, gates.area_change),
        f"its IoU with the outline expected there is {mask.overlap:.2f}": ramp(
            mask.overlap, gates.overlap
        ),
        f"the colors of only {color:.0f} % of it are its own": ramp(
            mask.color_support, gates.color
        ),
        f"{left_out:.0f} % as much again beside it has its colors": ramp(
            mask.left_out, gates.left_out
        ),
        f"its IoU with the fitted body's silhouette is {mask.body_overlap:.2f}": ramp(
            mask.body_overlap, gates.body
        ),
    }
    fired = tuple(f"{name}: {reason}" for reason, score in scores.items() if score < 0.5)
    foreign = mask.color_support < sum(gates.color) / 2
    return GateResult(prod(scores.values()), fired, foreign)


def lost(labels: Labels, predicted: Prediction, usual_area: float) -> GateResult:
    """Why the object is not seen: behind the person, outside of the image, or gone."""
    where = predicted.object
    border = np.ones_like(where)
    border[2:-2, 2:-2] = False
    if where.any() and labels.human[where].mean() > 0.5:
        reason = "is hidden behind the person"
    elif (where & border).any():
        reason = "has left the image"
    else:
        left = 100 * labels.object.sum() / max(usual_area, 1)
        reason = f"has vanished, {left:.0f} % of its area is left"
    return GateResult(0.0, (f"object: {reason}",))


def redetected(
    found: Bool[Mask, "height width"],
    last: Float32[Soft, "height width"],
    was_lost: bool,
    confidence: float,
) -> GateResult:
    """Low confidence in a place to which no motion leads; whole images."""
    how = "was found again" if was_lost else "jumped: it was found"
    where = "after a loss"
    if (mask := last > 0.5).any():
        where = f"{np.linalg.norm(_center(found) - _center(mask)):.0f} px from its last place"
    return GateResult(confidence, (f"object: {how} {where}",))


def iou(a: Bool[Mask, "h w"], b: Bool[Mask, "h w"]) -> float:
    """Intersection over union; 1 when both are empty."""
    either = int((a | b).sum())
    return int((a & b).sum()) / either if either else 1.0


def ramp(value: float, limits: Ramp) -> float:
    """0 at the first limit, 1 at the second, linear between and constant beyond."""
    bad, good = limits
    return float(np.clip((value - bad) / (good - bad), 0.0, 1.0))


def _center(mask: Bool[Mask, "h w"]) -> Float[Array, "2"]:
    return np.argwhere(mask).mean(axis=0)
