"""Is a mask still that of the same thing? Gates that fire lower the confidence and say why."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.config import SegmentationConfig

Mask = NDArray[np.bool_]


class Doubt(NamedTuple):
    """How well a mask passes one gate (1: fully, below 0.5: it fires) and what was measured."""

    score: float
    reason: str


class Judgement(NamedTuple):
    """Confidence in [0, 1] and the reasons of the gates that fired."""

    confidence: float
    reasons: tuple[str, ...]
    foreign: bool = False
    """The colors say that it is something else."""

    def capped(self, trust: float) -> "Judgement":
        """No more confident than ``trust``."""
        return self._replace(confidence=min(self.confidence, trust))


@dataclass(frozen=True)
class MaskFacts:
    """What the gates look at, of one thing in one frame."""

    area: int
    previous_area: int
    usual_area: float
    first_area: int
    overlap: float  # IoU with the mask that the frames before let expect
    own_color: float  # part of the mask whose color speaks for the thing
    beside: float = 0.0  # area beside it that has its colors, as a part of its own


def judge_object(facts: MaskFacts, config: SegmentationConfig) -> Judgement:
    """Gates on size, change of area, overlap with the carried mask and color."""
    foreign = facts.own_color < sum(config.color_gate) / 2
    return _verdict("object", _doubts(facts, config))._replace(foreign=foreign)


def judge_human(facts: MaskFacts, body_overlap: float, config: SegmentationConfig) -> Judgement:
    """The same gates, and agreement with the fitted body's silhouette."""
    body = Doubt(
        ramp(body_overlap, config.body_gate),
        f"its IoU with the fitted body's silhouette is {body_overlap:.2f}",
    )
    return _verdict("human", [*_doubts(facts, config), body])


def overlap(a: Mask, b: Mask) -> float:
    """Intersection over union; 1 when both are empty."""
    either = int((a | b).sum())
    return int((a & b).sum()) / either if either else 1.0


def ramp(value: float, limits: tuple[float, float]) -> float:
    """0 at the first limit, 1 at the second, linear between and constant beyond."""
    bad, good = limits
    return float(np.clip((value - bad) / (good - bad), 0.0, 1.0))


def _doubts(facts: MaskFacts, config: SegmentationConfig) -> list[Doubt]:
    size = facts.area / max(facts.usual_area, 1.0)
    growth = facts.area / max(facts.first_area, 1)
    change = max(facts.area, 1) / max(facts.previous_area, 1)
    factor = max(change, 1 / change)
    return [
        Doubt(ramp(size, config.size_gate), f"its area is {100 * size:.0f} % of the usual"),
        Doubt(ramp(growth, config.growth_gate), f"its area is {growth:.1f} times the first"),
        Doubt(ramp(factor, config.area_gate), f"its area changed by a factor of {change:.2f}"),
        Doubt(
            ramp(facts.overlap, config.overlap_gate),
            f"its IoU with the outline expected there is {facts.overlap:.2f}",
        ),
        Doubt(
            ramp(facts.own_color, config.color_gate),
            f"the colors of only {100 * facts.own_color:.0f} % of it are its own",
        ),
        Doubt(
            ramp(facts.beside, config.beside_gate),
            f"{100 * facts.beside:.0f} % as much again beside it has its colors",
        ),
    ]


def _verdict(name: str, doubts: list[Doubt]) -> Judgement:
    confidence = float(np.prod([doubt.score for doubt in doubts]))
    fired = tuple(f"{name}: {doubt.reason}" for doubt in doubts if doubt.score < 0.5)
    return Judgement(confidence, fired)
