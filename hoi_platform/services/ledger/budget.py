"""What was spent, and whether more may be: over all accounts, providers and kinds."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoi_platform.core.errors import BudgetError
from hoi_platform.services.ledger.intent import Budget
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import COUNTED


def spent_usd(session: Session, since: datetime | None) -> Decimal:
    """Cost, or estimate where the cost is not known yet, of what was reserved since then."""
    amount = func.coalesce(RequestRow.cost_usd, RequestRow.estimate_usd)
    query = select(func.sum(amount)).where(RequestRow.state.in_(sorted(COUNTED)))
    if since is not None:
        query = query.where(RequestRow.reserved_at >= since)
    return Decimal(session.scalar(query) or 0)


def check_budget(
    session: Session, budget: Budget, now: datetime, subject: str, model: str, estimate: Decimal
) -> None:
    """Raises BudgetError when a request for ``estimate`` USD would exceed the day or the month."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    limits = (
        ("day", budget.per_day_usd, day),
        ("month", budget.per_month_usd, day.replace(day=1)),
    )
    for period, limit, since in limits:
        if limit is None:
            continue
        spent = spent_usd(session, since)
        if spent + estimate > limit:
            raise BudgetError(
                f"{subject}: a request to {model} for {estimate:.2f} USD was not sent: "
                f"{spent:.2f} of {limit:.2f} USD of this {period}'s budget are spent or "
                f"reserved; raise video.budget.per_{period}_usd in the configuration or wait"
            )
