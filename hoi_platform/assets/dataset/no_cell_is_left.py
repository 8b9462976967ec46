"""The standing check ``no_cell_is_left``: lists the cells that are failed or stuck."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.services.secrets import leaves_clean
from hoi_platform.unfinished.asked import Evidence
from hoi_platform.unfinished.ends import EndKind
from hoi_platform.unfinished.purchases import known_purchases
from hoi_platform.unfinished.retries import CURES
from hoi_platform.unfinished.steps import Next, Step, Steps

_SHOWN: Final = 200
"""Number of cells in the table of the page; chosen: Dagster keeps it with every evaluation."""

_STUCK_AFTER: Final = timedelta(days=1)
"""How long (days) a cell may wait for its paid video; chosen: a task takes minutes."""


@dg.asset_check(
    asset="dataset_index",
    required_resource_keys={"platform", "ledger"},
)
@leaves_clean
def no_cell_is_left(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Whatever was asked for in the last two weeks is there, or is being made.

    A warning that lists the others: why each stopped, and what a person does about it.
    """
    service = context.op_execution_context.resources.platform.platform()
    purchases = known_purchases(service, context.op_execution_context.resources.ledger)
    steps = Steps(service, service.stages(STAGES), purchases, datetime.now(UTC))
    return check_result(list(left(context.instance, steps)))


def left(instance: dg.DagsterInstance, steps: Steps) -> Iterator[Step]:
    """The cells and objects that lack something and are not about to be tried again."""
    survey = Evidence().survey(instance, steps.platform, flow_order(), steps.now)
    for asked in survey.asked:
        step = steps.of(asked)
        subject = steps.subject(asked.key)
        if subject is None or not (step.next is Next.PERSON or _is_stuck(step, steps.now)):
            continue
        lacking = steps.missing(asked, subject)
        if lacking.names:
            yield replace(step, missing=lacking, cure=step.cure or CURES[EndKind.WAITING])


def _is_stuck(step: Step, now: datetime) -> bool:
    """Whether it waits, for long and without a time set, for something outside."""
    waits = step.next is Next.WAIT and step.due is None
    return waits and now - step.asked.end.at > _STUCK_AFTER


def check_result(found: list[Step]) -> dg.AssetCheckResult:
    """The page's table of them."""
    rows = [
        dg.TableRecord(
            {
                "cell": step.asked.key,
                "missing": ", ".join(step.missing.names),
                "why": step.reason,
                "cure": step.cure,
                "since": step.asked.end.at.isoformat(timespec="seconds"),
                "run": step.asked.end.run_id,
            }
        )
        for step in found
    ]
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(found)} cells need a person" if found else "nothing is left behind",
        metadata={"cells": dg.MetadataValue.table(rows[:_SHOWN])} if rows else {},
    )
