"""Whether figures are good enough: beside committed ones of a benchmark, and for a single clip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from statistics import median
from typing import Final, Literal

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.filtering.check import Check, Comparison


@dataclass(frozen=True)
class Gate:
    """A figure's better direction and how much worse its median may get by chance."""

    metric: str
    better: Literal["lower", "higher"]
    tolerance: float
    """In the metric's unit, on top of ``share``."""
    share: float = 0.15
    """Of the baseline."""

    def limit(self, baseline: float) -> float:
        """The worst value that passes."""
        slack = self.tolerance + self.share * abs(baseline)
        return baseline + slack if self.better == "lower" else baseline - slack

    def passes(self, value: float, baseline: float) -> bool:
        """nan never passes."""
        limit = self.limit(baseline)
        return value <= limit if self.better == "lower" else value >= limit


GATES: Final = (
    Gate("mpjpe_mm", "lower", 2.0),
    Gate("hand_joint_mm", "lower", 4.0),
    Gate("object_translation_mm", "lower", 2.0),
    Gate("object_translation_moved_mm", "lower", 5.0),
    Gate("object_rotation_deg", "lower", 0.5),
    Gate("object_rotation_moved_deg", "lower", 2.0),
    Gate("add_s_mm", "lower", 2.0),
    Gate("contact_f1", "higher", 0.02, share=0.0),
    Gate("foot_slide_mm_s", "lower", 1.0),
    Gate("penetration_pct", "lower", 0.3),
)


@dataclass(frozen=True)
class GatedFigure:
    """One gated figure over the clips that both runs have."""

    gate: Gate
    baseline: float
    value: float

    @property
    def passed(self) -> bool:
        return self.gate.passes(self.value, self.baseline)


def compare(
    accuracy: Mapping[str, Mapping[str, float]], baseline: Mapping[str, Mapping[str, float]]
) -> list[GatedFigure]:
    """Medians over the clips that both have; both map clips to their figures.

    A clip of the baseline's objects that failed now is missing here: failures are reported apart.
    Raises BadInputError when no clip is in both, or the baseline lacks a figure.
    """
    common = sorted(set(accuracy) & set(baseline))
    if not common:
        raise BadInputError(
            f"the baseline has none of these clips; it has {', '.join(sorted(baseline)) or 'none'}"
        )
    missing = [g.metric for g in GATES if any(g.metric not in baseline[clip] for clip in common)]
    if missing:
        raise BadInputError(f"the baseline lacks {', '.join(missing)}; write it again")
    return [
        GatedFigure(
            gate,
            _median([baseline[clip][gate.metric] for clip in common]),
            _median([accuracy[clip][gate.metric] for clip in common]),
        )
        for gate in GATES
    ]


def _median(values: Sequence[float]) -> float:
    """nan as soon as one value is: sorting would hide it."""
    return nan if any(isnan(value) for value in values) else median(values)


EXPECTED: Final[dict[str, tuple[Comparison, float, str]]] = {
    "mpjpe_mm": ("<=", 60.0, "mm"),
    "object_translation_mm": ("<=", 20.0, "mm"),
    "object_rotation_deg": ("<=", 10.0, "degrees"),
    "contact_f1": (">=", 0.8, ""),
}
"""Figure → limit and unit that a simulated clip at 640x360 reaches; chosen: a clip beyond them
deserves a look."""


def accuracy_checks(accuracy: Mapping[str, float | None]) -> list[Check]:
    """A check per expected figure; one that could not be scored does not pass."""
    checks = []
    for name, (comparison, limit, unit) in EXPECTED.items():
        value = accuracy.get(name)
        checks.append(Check.of(name, nan if value is None else value, comparison, limit, unit))
    return checks
