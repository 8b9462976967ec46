"""The schedule ``nightly_growth``: fills the most valuable empty cells under a budget."""

from typing import Final

import dagster as dg

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.jobs.make_clips import launch
from hoi_platform.resources.growth import growth_config, growth_ledger, growth_now
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.growth.night import Night, begin_night, plan_night, tags_of
from hoi_platform.services.growth.nights import Nights
from hoi_platform.services.secrets import leaves_clean

_EVERY_EVENING: Final = "0 22 * * *"
"""Minute, hour, day, month and weekday (UTC), as cron counts them; chosen."""


@dg.op
@leaves_clean
def begin_growth(
    context: dg.OpExecutionContext, platform: PlatformResource, ledger: LedgerResource
) -> None:
    """Choose tonight's cells, release their purchases and launch them as one backfill."""
    service = platform.platform()
    config = growth_config(service)
    with Nights(service.results_dir).one_at_a_time():
        book = growth_ledger(service, ledger, config)
        now = growth_now(book)
        night = plan_night(service, config, now, book)
        _show(context, night)
        if not night.chosen:
            context.log.info("nothing is begun: no empty cell is wanted, or a limit is reached")
            return
        start = begin_night(service, service.stages(STAGES), night, now, book)
    backfill = launch(context, service, night.clips, flow_order(), tags_of(start))
    context.add_output_metadata({"backfill": backfill, "launch": start.launch})


def _show(context: dg.OpExecutionContext, night: Night) -> None:
    """The numbers of the choice, on the page."""
    columns = (
        "key",
        "category",
        "value",
        "below_floor",
        "valid",
        "target",
        "expected_yield",
        "usd",
    )
    lines = ["| " + " | ".join(str(row[name]) for name in columns) + " |" for row in night.rows()]
    head = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    context.add_output_metadata(
        {
            "cells": len(night.chosen),
            "price": f"${night.usd:.2f} of ${night.limits.usd:.2f} that are left",
            "plan": dg.MetadataValue.md("\n".join([*head, *lines])),
        }
    )


@dg.job
def grow() -> None:
    """Begin tonight's growth now, within its limits."""
    begin_growth()


nightly_growth = dg.ScheduleDefinition(
    name="nightly_growth",
    job=grow,
    cron_schedule=_EVERY_EVENING,
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every evening: the most valuable empty cells, as configs/growth.yaml limits them.",
)
