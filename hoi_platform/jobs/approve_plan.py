"""The job ``approve_plan``: releases the purchases of a plan."""

import dagster as dg

from hoi_platform.core.clip import FIRST_TASK
from hoi_platform.core.errors import BadInputError
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.plans.book import PlanBook
from hoi_platform.services.plans.overview import total_usd
from hoi_platform.services.secrets import leaves_clean


class ApprovalConfig(dg.Config):
    """The plan that is approved."""

    plan: str = ""
    """Its id; empty: the one that waits, where there is one alone."""


@dg.op
@leaves_clean
def release_plan(
    context: dg.OpExecutionContext,
    config: ApprovalConfig,
    platform: PlatformResource,
    ledger: LedgerResource,
) -> None:
    """Release exactly the plan's cells, once. Fails where it was approved before."""
    budget = platform.platform().settings(FIRST_TASK).gen_2dhoi.video.budget
    book = PlanBook(ledger.ledger(budget))
    plan = book.approve(config.plan or _only_one(book), f"run {context.run_id[:8]} on the page")
    context.add_output_metadata(
        {"plan": plan.id, "cells": len(plan.cells), "total": f"${total_usd(plan):.2f}"}
    )
    context.log.info("plan %s is approved; launch its cells again", plan.id)


def _only_one(book: PlanBook) -> str:
    waiting = [plan.id for plan in book.open_plans()]
    if len(waiting) == 1:
        return waiting[0]
    if not waiting:
        raise BadInputError("no plan waits for approval; materialize purchase_plan first")
    raise BadInputError(
        f"{len(waiting)} plans wait for approval: {', '.join(waiting)}; name one in the launchpad: "
        "ops.release_plan.config.plan"
    )


@dg.job
def approve_plan() -> None:
    """Approve a purchase plan: its cells may be bought, each once."""
    release_plan()
