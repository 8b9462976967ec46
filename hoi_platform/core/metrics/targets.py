"""The accuracy that a clip of the embedded chain is expected to reach."""

from collections.abc import Mapping
from math import nan
from typing import Final

from hoi_platform.core.filtering.check import Check, Comparison

# Metric → limit. Medians over the frames of a simulated clip at 640x360.
TARGETS: Final[dict[str, tuple[Comparison, float, str]]] = {
    "mpjpe_mm": ("<=", 60.0, "mm"),
    "object_translation_mm": ("<=", 20.0, "mm"),
    "object_rotation_deg": ("<=", 10.0, "degrees"),
    "contact_f1": (">=", 0.8, ""),
}


def accuracy_checks(accuracy: Mapping[str, float | None]) -> list[Check]:
    """A check per target; a metric that could not be scored does not pass."""
    checks = []
    for name, (comparison, limit, unit) in TARGETS.items():
        value = accuracy.get(name)
        checks.append(Check.of(name, nan if value is None else value, comparison, limit, unit))
    return checks
