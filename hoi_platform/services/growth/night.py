"""One night: limits from the ledger, the choice, and its beginning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.core.growth.choice import Chosen, Limits, choose
from hoi_platform.core.growth.config import GrowthConfig
from hoi_platform.services.artifacts.stages import Stages
from hoi_platform.services.growth.grid import Grid, read_grid
from hoi_platform.services.growth.nights import Begun, Nights, bounds, night_of
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.plans.book import PlanBook
from hoi_platform.services.plans.launch import LAUNCH_TAG, PLANNED_ONLY_TAG
from hoi_platform.services.plans.overview import budgets_left
from hoi_platform.services.plans.pricing import price_of
from hoi_platform.services.platform import Platform

MADE_BY: Final = "nightly_growth"
"""What its plans say."""


@dataclass(frozen=True)
class Spending:
    """What the growth has spent or released so far, and may still spend (USD)."""

    tonight: Decimal = Decimal(0)
    this_month: Decimal = Decimal(0)
    unused: Decimal = Decimal(0)
    """Released by its plans and not spent yet."""
    budget: Decimal | None = None
    """What the ledger's own budgets leave; None for no limit."""

    def left(self, config: GrowthConfig) -> Decimal:
        night = Decimal(str(config.night_usd)) - self.tonight
        month = Decimal(str(config.month_usd)) - self.this_month
        own = min(night, month) - self.unused
        return max(Decimal(0), own if self.budget is None else min(own, self.budget))


@dataclass(frozen=True)
class Night:
    """What a start of the growth would begin now."""

    date: date
    config: GrowthConfig
    grid: Grid
    limits: Limits
    spending: Spending
    chosen: tuple[Chosen, ...]

    @property
    def clips(self) -> list[ClipId]:
        """In the order of their value."""
        return [self.grid.clips[one.cell.key] for one in self.chosen]

    @property
    def usd(self) -> Decimal:
        return sum((one.cell.usd for one in self.chosen), Decimal(0))

    def rows(self) -> list[dict[str, Any]]:
        """The chosen cells with the numbers that they were chosen by, for files and programs."""
        return [
            {
                "key": one.cell.key,
                "task": one.cell.group[0],
                "category": one.cell.group[1],
                "value": round(one.value, 4),
                "below_floor": one.below_floor,
                "valid": round(one.valid, 2),
                "target": one.target,
                "expected_yield": round(one.expected_yield, 4),
                "usd": float(one.cell.usd),
            }
            for one in self.chosen
        ]


def plan_night(
    platform: Platform, config: GrowthConfig, now: datetime, ledger: Ledger | None
) -> Night:
    """What would be begun now; nothing is changed. Without a ledger nothing was ever bought."""
    night, nights = night_of(now), Nights(platform.results_dir)
    begun = nights.keys_of(night)
    grid = read_grid(platform, config, begun, nights.tries_before(night))
    budget = platform.settings(config.tasks[0]).gen_2dhoi.video.budget
    spending = Spending() if ledger is None else _spending(ledger, budget, night, now)
    limits = Limits(max(0, config.new_clips - len(begun)), spending.left(config))
    chosen = choose(grid.empty, grid.counts, config, limits)
    return Night(night, config, grid, limits, spending, tuple(chosen))


def begin_night(
    platform: Platform, stages: Stages, night: Night, now: datetime, ledger: Ledger | None
) -> Begun:
    """Note what is begun, and release its purchases until the night ends.

    The note comes first: what a crash leaves undone is chosen again in the next night, and nothing
    is begun twice in this one.
    """
    start = Begun(at=now, launch=f"growth-{uuid4().hex[:8]}", cells=tuple(night.rows()))
    Nights(platform.results_dir).note(night.date, start)
    prices = price_of(stages, night.clips)
    if ledger is None or not prices.cells:
        return start
    lasts = bounds(night.date)[1] - now
    plan = PlanBook(ledger).write(prices, MADE_BY, approved=True, lasts=lasts)
    return start.model_copy(update={"plan": plan.id})


def tags_of(start: Begun) -> Mapping[str, str]:
    """The tags of the growth's runs: they are one launch, which buys what is released alone."""
    return {LAUNCH_TAG: start.launch, PLANNED_ONLY_TAG: "true"}


def _spending(ledger: Ledger, budget: BudgetConfig, night: date, now: datetime) -> Spending:
    book, month = PlanBook(ledger), now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    left = [known.usd for known in budgets_left(ledger, budget) if known.usd is not None]
    return Spending(
        tonight=book.spent_usd(MADE_BY, bounds(night)[0]),
        this_month=book.spent_usd(MADE_BY, month),
        unused=book.unused_usd(MADE_BY),
        budget=min(left) if left else None,
    )
