"""The asset ``purchase_plan``."""

import dagster as dg

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.cells import parse_seeds
from hoi_platform.core.clip import FIRST_TASK
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.chosen_cells import clips_of, objects_named
from hoi_platform.services.plans.book import PlanBook
from hoi_platform.services.plans.overview import budgets_left, lines_of, total_usd, warnings_of
from hoi_platform.services.plans.pricing import price_of
from hoi_platform.services.secrets import leaves_clean


class CellsConfig(dg.Config):
    """The cells that are meant: without objects all of the grid."""

    objects: list[str] = []
    """Keys, categories or dataset/category; none: every object of the grid."""
    seeds: str = ""
    """1, 1,2,5 or 1-3; empty: as many as the configuration's rendering.num_rand_scenes."""
    task: str = FIRST_TASK
    """What the person does with the objects."""


@dg.asset(group_name="spending", kinds={"plan"}, code_version="1")
@leaves_clean
def purchase_plan(
    context: dg.AssetExecutionContext,
    config: CellsConfig,
    platform: PlatformResource,
    ledger: LedgerResource,
) -> dg.MaterializeResult:
    """What the videos that cells lack would cost. Nothing is bought: the job approve_plan, or
    `hoi approve`, releases the plan."""
    service = platform.platform()
    gen = service.settings(config.task).gen_2dhoi
    seeds = parse_seeds(config.seeds or f"1-{gen.rendering.num_rand_scenes}")
    clips = clips_of(service, objects_named(service, config.objects, config.task), seeds)
    prices = price_of(service.stages(STAGES), clips)
    if not prices.cells:
        return dg.MaterializeResult(metadata={"plan": "nothing to buy", "cells": len(clips)})
    book = ledger.ledger(gen.video.budget)
    plan = PlanBook(book).write(prices, "purchase_plan")
    left = budgets_left(book, gen.video.budget)
    for warning in warnings_of(plan, left):
        context.log.warning("%s", warning)
    rows = [f"| {x.what} | {x.cells} | {x.usd_each:.2f} | {x.usd:.2f} |" for x in lines_of(plan)]
    table = ["| what | cells | USD each | USD |", "|---|---|---|---|", *rows]
    return dg.MaterializeResult(
        metadata={
            "plan": plan.id,
            "total": f"${total_usd(plan):.2f}",
            "cells": len(plan.cells),
            "purchases": dg.MetadataValue.md("\n".join(table)),
            "questions": f"at most ${plan.questions_usd:.2f}",
            "budgets": ", ".join(map(str, left)),
            "expires": f"{plan.expires_at:%Y-%m-%d %H:%M} UTC",
            "approve": f"`hoi approve {plan.id}`, or launch the job approve_plan",
        }
    )
