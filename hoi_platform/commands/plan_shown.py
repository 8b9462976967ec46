"""A purchase plan in the terminal."""

from hoi_platform.commands.terminal import console, table
from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.plans.overview import (
    budgets_left,
    lines_of,
    state_of,
    total_usd,
    warnings_of,
)
from hoi_platform.services.plans.schema import PlanRow


def print_plan(plan: PlanRow, ledger: Ledger, budget: BudgetConfig) -> None:
    """What it buys, for how much, what the budgets leave, and what to do with it."""
    rows = [(x.what, x.cells, f"{x.usd_each:.2f}", f"{x.usd:.2f}") for x in lines_of(plan)]
    title = f"Plan {plan.id} ({state_of(plan, ledger.now())})"
    console.print(table(title, ("what", "cells", "USD each", "USD"), rows))
    if plan.questions_usd:
        console.print(f"questions to the vision model: at most {plan.questions_usd:.2f} USD")
    left = budgets_left(ledger, budget)
    console.print(f"total: {total_usd(plan):.2f} USD; budgets: {', '.join(map(str, left))}")
    for warning in warnings_of(plan, left):
        console.print(f"[yellow]{warning}[/yellow]", soft_wrap=True)
    if plan.approved_at is None:
        until, limit = f"{plan.expires_at:%Y-%m-%d %H:%M} UTC", budget.confirm_above_usd
        allowed = "any amount" if limit is None else f"{limit:.2f} USD"
        console.print(f"approve it before {until} with `hoi approve {plan.id}`", soft_wrap=True)
        console.print(f"without it a launch buys for at most {allowed}", soft_wrap=True)
