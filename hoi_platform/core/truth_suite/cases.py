"""Which clips the truth suite measures, in parts that each fit into an hour on two cores.

The sealed part shares neither an object nor a seed with the other parts. Nothing may be chosen by
its figures; it is run to publish them, and each run is logged with its commit.
"""

from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from hoi_platform.core.truth_suite.degradations import DEGRADATIONS
from hoi_platform.core.truth_suite.wrong_knowledge import WRONG_KNOWLEDGE

Part = Literal["tuning", "sealed", "degraded", "knowledge", "large"]

DATASET: Final = "ComAsset"
TUNING_OBJECTS: Final = ("cordless_drill", "mug", "box", "bottle", "hammer", "ball")
TUNING_SEEDS: Final = (1, 2, 3, 4)
"""Seeds on which weights and thresholds may be chosen; chosen: no sealed one."""
SEALED_OBJECTS: Final = ("suitcase", "chair", "frypan", "dumbbell", "kettle", "flashlight")
SEALED_SEEDS: Final = (5, 6, 7, 8)
"""Seeds of clips that no weight or threshold is tuned on; chosen: no tuning one."""
_SPOILED: Final = tuple(zip(TUNING_OBJECTS, (1, 2, 3, 4, 1, 2), strict=True))
"""The six clips whose inputs are degraded: each tuning object once, each tuning seed at least
once."""
_LARGE: Final = (("cordless_drill", 1), ("mug", 2), ("box", 3), ("hammer", 4))


@dataclass(frozen=True)
class Case:
    """One clip, as it is or with one degradation."""

    part: Part
    category: str
    seed: int
    spoiled_by: str | None = None
    """A name of DEGRADATIONS or WRONG_KNOWLEDGE."""

    @property
    def name(self) -> str:
        """``mug-2`` or ``mug-2-blur``: unique within its part."""
        clip = f"{self.category}-{self.seed}"
        return clip if self.spoiled_by is None else f"{clip}-{self.spoiled_by}"


def cases(part: Part) -> list[Case]:
    """All cases of a part, in the order in which they are measured."""
    if part == "tuning":
        return [Case(part, *clip) for clip in product(TUNING_OBJECTS, TUNING_SEEDS)]
    if part == "sealed":
        return [Case(part, *clip) for clip in product(SEALED_OBJECTS, SEALED_SEEDS)]
    if part == "large":
        return [Case(part, *clip) for clip in _LARGE]
    names = DEGRADATIONS if part == "degraded" else WRONG_KNOWLEDGE
    return [Case(part, *clip, name) for name in names for clip in _SPOILED]
