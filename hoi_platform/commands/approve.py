"""``hoi approve``: purchase plans that wait, and their approval."""

import getpass
from typing import Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir, Task


def approve(
    plan: Annotated[
        str | None, typer.Argument(help="The plan's id; without one, list the plans that wait.")
    ] = None,
    task: Task = "manipulation",
    results_dir: ResultsDir = DEFAULT_RESULTS,
) -> None:
    """Release the purchases of a plan: its cells may be bought, each once, until it expires."""
    from hoi_platform.commands.ledger_access import open_ledger_of
    from hoi_platform.commands.plan_shown import print_plan
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.errors import BadInputError
    from hoi_platform.resources.ledger import ledger_exists
    from hoi_platform.services.plans.book import PlanBook

    if not ledger_exists(results_dir):
        raise BadInputError(
            f"no plan in {results_dir}: it has no ledger; `hoi run --dry_run` writes a plan where "
            "something would be bought"
        )
    ledger, config, _ = open_ledger_of(results_dir, task)
    book = PlanBook(ledger)
    if plan is not None:
        approved = book.approve(plan, getpass.getuser())
        print_plan(approved, ledger, config.budget)
        console.print("launch its cells again: what was made so far is kept")
        return
    waiting = book.open_plans()
    for known in waiting:
        print_plan(known, ledger, config.budget)
    if not waiting:
        console.print("no plan waits for approval")
