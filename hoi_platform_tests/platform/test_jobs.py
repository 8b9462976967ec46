"""Jobs and the plan's asset on the page: whole chains, plans, approval, the nightly growth."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from hoi_platform.assets.stage import flow_order
from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.definitions import build_defs
from hoi_platform.partitions import cell_key
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.growth.nights import Nights
from hoi_platform.services.plans.book import PlanBook
from hoi_platform.services.plans.launch import LAUNCH_TAG, PLANNED_ONLY_TAG
from hoi_platform_tests.platform.prepared import kling_platform


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def execute(
    resource: PlatformResource, instance: dg.DagsterInstance, name: str, op: str, **config: Any
) -> dg.ExecuteInProcessResult:
    """A job as the launchpad starts it."""
    return (
        build_defs(platform=resource)
        .resolve_job_def(name)
        .execute_in_process(
            instance=instance,
            run_config={"ops": {op: {"config": config}}} if config else None,
            raise_on_error=False,
        )
    )


def error(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = result.get_step_failure_events()
    return str(failed.step_failure_data.error)


def targets(instance: dg.DagsterInstance, asset: str) -> set[str]:
    """The partitions of an asset that the only backfill is over."""
    (backfill,) = instance.get_backfills()
    data = backfill.asset_backfill_data
    assert data is not None
    return {
        *data.target_subset.partitions_subsets_by_asset_key[dg.AssetKey(asset)].get_partition_keys()
    }


def test_make_clips_is_one_backfill_over_the_chain_of_the_chosen_cells(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """A batch would take a launch per object and another for its clips."""
    resource = PlatformResource(results_dir=str(tmp_path))
    objects = ["cordless-drill", "mug"]
    result = execute(resource, instance, "make_clips", "launch_chain", objects=objects, seeds="1-2")
    assert result.success
    cells = {cell_key(key, seed) for key in objects for seed in (1, 2)}
    assert targets(instance, "object_mesh") == set(objects)
    assert targets(instance, "filtered_hoi") == {str(cell) for cell in cells}
    (backfill,) = instance.get_backfills()
    selected = {key.to_user_string() for key in backfill.asset_selection or ()}
    assert selected == {*flow_order(), "dataset_index"}


def test_make_clips_up_to_a_stage_makes_nothing_below_it(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """`to: scene_render` would render videos."""
    resource = PlatformResource(results_dir=str(tmp_path))
    config = {"objects": ["mug"], "seeds": "1", "to": "scene_render"}
    assert execute(resource, instance, "make_clips", "launch_chain", **config).success
    (backfill,) = instance.get_backfills()
    selected = {key.to_user_string() for key in backfill.asset_selection or ()}
    assert selected == {"object_mesh", "settled_pose", "object_scale", "scene_render"}
    config["to"] = "scene_rendr"
    refused = execute(resource, instance, "make_clips", "launch_chain", **config)
    assert "did you mean 'scene_render'" in error(refused)


def test_a_plan_is_written_by_an_asset_and_approved_by_a_click(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """On the page nobody would see a price, or could agree to it."""
    resource = kling_platform(tmp_path, skip_prompt_refinement=True)
    empty = execute(resource, instance, "approve_plan", "release_plan")
    assert "no plan waits" in error(empty)
    asset = build_defs(platform=resource).resolve_implicit_global_asset_job_def()
    cells = {"objects": ["mug", "box"], "seeds": "1-3"}
    made = asset.execute_in_process(
        asset_selection=[dg.AssetKey("purchase_plan")],
        instance=instance,
        run_config={"ops": {"purchase_plan": {"config": cells}}},
    )
    (event,) = made.get_asset_materialization_events()
    shown = {name: value.value for name, value in event.materialization.metadata.items()}
    assert (shown["total"], shown["cells"]) == ("$2.10", 6)
    assert "today: 50.00 USD left" in shown["budgets"]
    assert execute(resource, instance, "approve_plan", "release_plan").success
    again = execute(resource, instance, "approve_plan", "release_plan", plan=shown["plan"])
    assert "was approved at" in error(again)
    book = PlanBook(LedgerResource(platform=resource).ledger(BudgetConfig()))
    assert book.unused_usd("purchase_plan") == book.get(shown["plan"]).cells[0].usd * 6


def test_the_growth_launches_what_it_approved_itself(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """The night would wait for a person, or its runs buy beyond its limits."""
    resource = kling_platform(tmp_path, skip_prompt_refinement=True)
    assert execute(resource, instance, "grow", "").success
    (backfill,) = instance.get_backfills()
    (path,) = (tmp_path / "growth").glob("*.json")
    (start,) = Nights(tmp_path).begun(date.fromisoformat(path.stem))
    assert backfill.tags[LAUNCH_TAG] == start.launch
    assert backfill.tags[PLANNED_ONLY_TAG] == "true"
    begun = {str(cell["key"]) for cell in start.cells}
    assert len(begun) == 14  # of 5.00 USD
    assert targets(instance, "video_task") == begun
    book = PlanBook(LedgerResource(platform=resource).ledger(BudgetConfig()))
    assert float(book.unused_usd("nightly_growth")) == 4.9
    assert execute(resource, instance, "grow", "").success
    assert len(instance.get_backfills()) == 1, "the night's money is released already"


def test_the_schedule_is_off_until_somebody_switches_it_on() -> None:
    """An upgrade would begin to spend in the evening."""
    (schedule,) = (s for s in build_defs().schedules or [] if s.name == "nightly_growth")
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "grow"
