"""``configs/growth.yaml``: what the nightly growth fills, and what it may spend."""

from pydantic import Field, model_validator

from hoi_platform.core.clip import FIRST_TASK, MAX_SEED
from hoi_platform.core.config.base import Config


class GrowthConfig(Config):
    """Targets of valid clips per category, limits per night and month."""

    tasks: tuple[str, ...] = Field((FIRST_TASK,), min_length=1)
    """Tasks whose objects are grown."""
    new_clips: int = Field(20, ge=0)
    """Most cells that a night begins (number of clips)."""
    seeds_per_object: int = Field(4, ge=1, le=MAX_SEED)
    """Random variants of an object that may be filled: seeds 1 to this number."""
    default_target: int = Field(20, ge=1)
    """Valid clips that a category is to have (number), where ``targets`` does not name it."""
    targets: dict[str, int] = {}
    """Category → valid clips that it is to have (number); 0 leaves a category out."""
    default_floor: int = Field(1, ge=0)
    """Valid clips that a category is to have before others grow further (number)."""
    floors: dict[str, int] = {}
    """Category → the same for it alone (number)."""
    night_usd: float = Field(5.0, ge=0)
    """Most that a night may spend (USD), from noon to noon UTC."""
    month_usd: float = Field(50.0, ge=0)
    """Most that the nights of a calendar month may spend (USD, UTC)."""
    cell_usd: float = Field(0.02, gt=0)
    """What a cell counts as at least when values are compared (USD): computing costs something
    where the video is free, and nothing is divided by zero. It is not spent."""
    prior_valid: float = Field(1.0, gt=0)
    """Beta prior of a category's yield: weight of valid clips (pseudo-count)."""
    prior_rejected: float = Field(1.0, gt=0)
    """Beta prior of a category's yield: weight of rejected clips (pseudo-count)."""
    tries: int = Field(3, ge=1)
    """Nights in which a cell is begun before it is left to a person (number of attempts)."""

    @model_validator(mode="after")
    def _check_counts(self) -> "GrowthConfig":
        for name, counts in (("targets", self.targets), ("floors", self.floors)):
            if bad := [category for category, count in counts.items() if count < 0]:
                raise ValueError(f"{name} of {', '.join(bad)} must be 0 or more")
        return self

    def target(self, category: str) -> int:
        return self.targets.get(category, self.default_target)

    def floor(self, category: str) -> int:
        """Never above the target."""
        floor = self.floors.get(category, self.default_floor)
        return min(floor, self.target(category))
