"""A purchase plan as it is shown before it is approved: counts, prices, what the budgets leave."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.plans.schema import PlanRow


@dataclass(frozen=True)
class Line:
    """Cells of a plan that buy the same."""

    what: str
    cells: int
    usd_each: Decimal

    @property
    def usd(self) -> Decimal:
        return self.cells * self.usd_each


@dataclass(frozen=True)
class Left:
    """What a budget leaves of its period; None for no limit."""

    period: str
    usd: Decimal | None

    def __str__(self) -> str:
        return f"{self.period}: {'no limit' if self.usd is None else f'{self.usd:.2f} USD left'}"


def lines_of(plan: PlanRow) -> list[Line]:
    """The plan's cells by what they buy."""
    counts = Counter((cell.what, cell.usd) for cell in plan.cells)
    return [Line(what, count, usd) for (what, usd), count in sorted(counts.items())]


def total_usd(plan: PlanRow) -> Decimal:
    """The most that the plan costs, questions included."""
    return sum((cell.usd for cell in plan.cells), plan.questions_usd)


def budgets_left(ledger: Ledger, budget: BudgetConfig) -> tuple[Left, Left]:
    """What the day's and the month's budgets leave."""
    now = ledger.now()
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (
        _left(ledger, "today", budget.per_day_usd, day),
        _left(ledger, "this month", budget.per_month_usd, day.replace(day=1)),
    )


def warnings_of(plan: PlanRow, left: Iterable[Left]) -> Iterator[str]:
    """Budgets that end the plan early."""
    total = total_usd(plan)
    for budget in left:
        if budget.usd is not None and budget.usd < total:
            yield (
                f"the budget leaves {budget.usd:.2f} USD {budget.period}, and the plan costs "
                f"{total:.2f}: what exceeds it fails until the budget is raised or renewed"
            )


def state_of(plan: PlanRow, now: datetime) -> str:
    """Open, approved or expired, and how many cells have been used."""
    used = sum(cell.used_at is not None for cell in plan.cells)
    if plan.approved_at is not None:
        ended = ", expired" if plan.expires_at <= now else ""
        return f"approved{ended}, {used} of {len(plan.cells)} used"
    return "expired" if plan.expires_at <= now else "waits for approval"


def plan_json(plan: PlanRow) -> dict[str, Any]:
    """A plan for other programs; amounts in USD."""
    return {
        "id": plan.id,
        "expires_at": plan.expires_at.isoformat(),
        "approved_at": plan.approved_at and plan.approved_at.isoformat(),
        "total_usd": float(total_usd(plan)),
        "questions_usd": float(plan.questions_usd),
        "cells": [
            {"cell": cell.subject, "what": cell.what, "usd": float(cell.usd)} for cell in plan.cells
        ],
    }


def _left(ledger: Ledger, period: str, limit: float | None, since: datetime) -> Left:
    if limit is None:
        return Left(period, None)
    return Left(period, max(Decimal(0), Decimal(str(limit)) - ledger.spent_usd(since)))
