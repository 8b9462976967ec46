"""Paid clips in Dagster: what a launch may buy, and what waits, green and missing, for a plan."""

from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from hoi_platform.assets.stage import NEEDS_APPROVAL, STAGES
from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.plans.book import PlanBook
from hoi_platform.services.plans.launch import LAUNCH_TAG
from hoi_platform.services.plans.pricing import price_of
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.services.video.paid_world import make_frames

CLIPS = 3
PRICE = Decimal("0.35")


@pytest.fixture
def resource(tmp_path: Path) -> PlatformResource:
    """Three clips of which a launch may buy two without a plan."""
    resource = kling_platform(tmp_path, budget={"confirm_above_usd": 0.80})
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, CLIPS + 1))
    return resource


def order(
    resource: PlatformResource, instance: dg.DagsterInstance, seed: int, **tags: str
) -> dg.ExecuteInProcessResult:
    """One run of a clip's ``video_task``."""
    add_object_keys(instance, ["cordless-drill"])
    job = build_defs(platform=resource).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=[dg.AssetKey("video_task")],
        partition_key=cell_key("cordless-drill", seed),
        instance=instance,
        raise_on_error=False,
        tags={name.replace("__", "/"): value for name, value in tags.items()},
    )


def plans(resource: PlatformResource) -> PlanBook:
    return PlanBook(LedgerResource(platform=resource).ledger(BudgetConfig()))


def test_a_backfill_ends_green_and_missing_where_it_needs_a_plan(
    kling: FakeKling, resource: PlatformResource
) -> None:
    """The page shows no price: a click on a thousand cells would buy them all."""
    with dg.instance_for_test() as instance:
        results = [order(resource, instance, seed, dagster__backfill="b") for seed in (1, 2, 3)]
        assert [result.success for result in results] == [True] * CLIPS
        assert orders(kling) == 2
        (event,) = results[-1].get_asset_observation_events()
        observation = event.asset_observation_data.asset_observation
        assert observation.metadata[NEEDS_APPROVAL].value == "$0.35"
        assert "hoi approve" in str(observation.metadata["cure"].value)
        assert str(observation.partition).endswith("rand00003")
        run = instance.get_run_by_id(results[-1].run_id)
        assert run is not None
        assert "needs approval: $0.35" in run.tags["hoi/waits"]
        made = instance.get_materialized_partitions(dg.AssetKey("video_task"))
        assert len(made) == 2
        platform = resource.platform()
        prices = price_of(platform.stages(STAGES), [platform.clip(DRILL, s) for s in (1, 2, 3)])
        assert [cell.usd for cell in prices.cells] == [PRICE]
        plans(resource).approve(plans(resource).write(prices, "test").id, "me")
        assert order(resource, instance, 3, dagster__backfill="b").success
        assert order(resource, instance, 3, dagster__backfill="b").success
    assert orders(kling) == CLIPS


def test_a_sensors_run_buys_in_the_launch_that_it_continues_or_by_a_plan(
    kling: FakeKling, resource: PlatformResource
) -> None:
    """What goes on with a batch by itself would buy what was held back, one clip at a time."""
    automatic = {"dagster__sensor_name": "resume"}
    launched = automatic | {LAUNCH_TAG.replace("/", "__"): "l"}
    with dg.instance_for_test() as instance:
        assert order(resource, instance, 1, **automatic).success
        assert orders(kling) == 0
        for seed in (1, 2, 3):
            assert order(resource, instance, seed, **launched).success
    assert orders(kling) == 2


def test_a_command_is_one_launch_and_says_what_waits(
    kling: FakeKling, resource: PlatformResource
) -> None:
    """`hoi demo --seeds 1-100` would be a hundred small launches, or report a failure."""
    outcomes = ChainRunner(resource).run(DRILL, range(1, CLIPS + 1), ["video_task"])
    assert orders(kling) == 2
    (held,) = [outcome for outcome in outcomes if outcome.error]
    assert held.waits
    assert not held.failed
    assert held.error is not None
    assert held.error.startswith("needs approval: $0.35")


def test_no_question_is_paid_for_a_video_that_waits(kling: FakeKling, tmp_path: Path) -> None:
    """A held batch would still cost a cent per clip for the wording of its prompts."""
    resource = kling_platform(tmp_path, budget={"confirm_above_usd": 0.0})
    above = ("object_mesh", "settled_pose", "object_scale", "scene_render")
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2), above)
    outcomes = ChainRunner(resource).run(DRILL, [1], ["video_prompt", "video_task"])
    assert [outcome.waits for outcome in outcomes] == [True, False]
    assert outcomes[1].error == "not run: an earlier stage waits for approval"
    assert plans(resource)._ledger.rows() == []
