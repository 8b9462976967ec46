"""What ``hoi run`` would make and buy: stages per cell, prices, a plan to approve."""

import json
from collections.abc import Sequence
from typing import Any

import typer

from hoi_platform.assets.stage import STAGES
from hoi_platform.commands.plan_shown import print_plan
from hoi_platform.commands.terminal import console, table
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import upstream_subject
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.plans.book import PlanBook
from hoi_platform.services.plans.overview import plan_json
from hoi_platform.services.plans.pricing import Prices, price_of
from hoi_platform.services.plans.schema import PlanRow


def show_dry_run(
    resource: PlatformResource, clips: Sequence[ClipId], stages: Sequence[str], *, as_json: bool
) -> None:
    """Print the cells; a plan is written where something would be bought, and nothing is sent."""
    platform = resource.platform()
    chain = platform.stages(STAGES)
    prices = price_of(chain, clips if "video_task" in stages else ())
    cells = [_cell(chain, clip, stages, prices) for clip in clips]
    plan = _written(resource, clips[0].object_id.task, prices) if prices.cells else None
    if as_json:
        typer.echo(json.dumps({"cells": cells, "plan": plan and plan_json(plan)}, indent=1))
        return
    rows = [(c["cell"], len(c["stages"]), ", ".join(c["stages"]), c["usd"]) for c in cells]
    console.print(table("Dry run: nothing was made", ("cell", "to make", "stages", "USD"), rows))
    if plan is None:
        console.print("nothing would be bought")
        return
    budget = platform.settings(clips[0].object_id.task).gen_2dhoi.video.budget
    print_plan(plan, LedgerResource(platform=resource).ledger(budget), budget)


def _cell(chain: Any, clip: ClipId, stages: Sequence[str], prices: Prices) -> dict[str, Any]:
    missing = [
        name
        for name in chain.in_demand(stages, clip)
        if not chain.status(name, upstream_subject(name, clip) or clip, verify=False).made
    ]
    usd = sum(float(cell.usd) for cell in prices.cells if cell.subject == clip.path)
    return {"cell": clip.path, "stages": missing, "usd": usd}


def _written(resource: PlatformResource, task: str, prices: Prices) -> PlanRow:
    budget = resource.platform().settings(task).gen_2dhoi.video.budget
    return PlanBook(LedgerResource(platform=resource).ledger(budget)).write(prices, "hoi run")
