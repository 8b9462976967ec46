"""``hoi grow``: what the nightly growth would begin, and beginning it here and now."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, AsJson, Profile, ResultsDir

if TYPE_CHECKING:
    from hoi_platform.services.growth.night import Night


def grow(
    dry_run: Annotated[
        bool, typer.Option("--dry_run", "--dry-run", help="Show the choice; begin nothing.")
    ] = False,
    profile: Profile = "full",
    results_dir: ResultsDir = DEFAULT_RESULTS,
    as_json: AsJson = False,
) -> None:
    """Make the most valuable empty cells, within the limits of growth.yaml.

    The schedule nightly_growth does the same in the evening. Exit status 1 when a cell failed.
    """
    from hoi_platform.assets.stage import STAGES, flow_order
    from hoi_platform.commands.run import made, print_results
    from hoi_platform.resources.growth import growth_config, growth_ledger, growth_now
    from hoi_platform.resources.ledger import LedgerResource
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.growth.night import begin_night, plan_night, tags_of
    from hoi_platform.services.growth.nights import Nights

    resource = PlatformResource(results_dir=str(results_dir.absolute()), profile=profile)
    platform = resource.platform()
    config = growth_config(platform)
    ledger = growth_ledger(platform, LedgerResource(platform=resource), config)
    if dry_run:
        _print_night(plan_night(platform, config, growth_now(ledger), ledger), as_json=as_json)
        return
    with Nights(platform.results_dir).one_at_a_time():
        now = growth_now(ledger)
        night = plan_night(platform, config, now, ledger)
        if not night.chosen:
            _print_night(night, as_json=as_json)
            return
        start = begin_night(platform, platform.stages(STAGES), night, now, ledger)
    if not as_json:
        _print_night(night, as_json=False)
    results = made(resource, night.clips, flow_order(), quiet=as_json, tags=tags_of(start))
    print_results(results, as_json=as_json)
    if any(result.unfinished for result in results):
        raise typer.Exit(1)


def _print_night(night: "Night", *, as_json: bool) -> None:
    from hoi_platform.commands.terminal import console, table

    if as_json:
        typer.echo(json.dumps(_json(night), indent=1))
        return
    rows = [
        (
            one.cell.key,
            f"{one.value:.3g}",
            "yes" if one.below_floor else "",
            f"{one.valid:.1f} of {one.target}",
            f"{one.expected_yield:.2f}",
            f"{one.cell.usd:.2f}",
        )
        for one in night.chosen
    ]
    heads = ("cell", "value", "below floor", "valid", "expected yield", "USD")
    console.print(table(f"Night of {night.date}", heads, rows))
    spent = night.spending
    console.print(
        f"{len(night.chosen)} cells for {night.usd:.2f} USD; left before: {night.limits.cells} "
        f"cells, {night.limits.usd:.2f} USD (spent tonight {spent.tonight:.2f}, this month "
        f"{spent.this_month:.2f}, released and unused {spent.unused:.2f})",
        soft_wrap=True,
    )
    if night.grid.given_up:
        console.print(f"{night.grid.given_up} cells were begun too often; see `hoi status`")


def _json(night: "Night") -> dict[str, object]:
    return {
        "night": night.date.isoformat(),
        "cells": night.rows(),
        "usd": float(night.usd),
        "left_cells": night.limits.cells,
        "left_usd": float(night.limits.usd),
        "spent_tonight_usd": float(night.spending.tonight),
        "spent_this_month_usd": float(night.spending.this_month),
        "unused_usd": float(night.spending.unused),
        "given_up": night.grid.given_up,
    }
