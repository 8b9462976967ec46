"""The standing check ``no_cell_is_left``: lists the cells that are failed or stuck."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.services.secrets import leaves_clean
from hoi_platform.unfinished.asked import Evidence
from hoi_platform.unfinished.purchases import known_purchases
from hoi_platform.unfinished.steps import Next, Step, Steps

_SHOWN: Final = 200
"""Number of cells in the table of the page; chosen: Dagster keeps it with every evaluation."""


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
    return check_result(list(left(context.instance, None, steps)))


def left(instance: dg.DagsterInstance, graph: Any, steps: Steps) -> Iterator[Step]:
    """The cells and objects that are not tried again by themselves and lack something."""
    survey = Evidence().survey(instance, graph, steps.platform, flow_order(), steps.now)
    for asked in survey.asked:
        step = steps.of(asked)
        if step.next is Next.PERSON:
            subject = steps.subject(asked.key)
            lacking = steps.missing(asked, subject) if subject is not None else step.missing
            if lacking.names:
                yield replace(step, missing=lacking)


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
