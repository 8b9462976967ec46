"""The index follows the verdicts, once for many; its standing check lists what is left behind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType, StepMaterializationData

from hoi_platform.assets.dataset.no_cell_is_left import check_result, left
from hoi_platform.assets.stage import STAGES
from hoi_platform.core.errors import BudgetError
from hoi_platform.definitions import build_defs
from hoi_platform.sensors.refresh_index import LONGEST, QUIET, refreshed
from hoi_platform.unfinished.purchases import Purchases
from hoi_platform.unfinished.steps import Steps
from hoi_platform_tests.platform.ended_runs import Runs
from hoi_platform_tests.platform.prepared import kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames

CELL = "cordless-drill|rand00001"
SOON = timedelta(seconds=1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def made(instance: dg.DagsterInstance, asset: str, ago: timedelta = timedelta()) -> None:
    """An asset was materialized some time ago."""
    event = dg.DagsterEvent(
        DagsterEventType.ASSET_MATERIALIZATION.value,
        "a job",
        event_specific_data=StepMaterializationData(dg.AssetMaterialization(asset, partition=CELL)),
    )
    at = (datetime.now(UTC) - ago).timestamp()
    instance.report_dagster_event(event, run_id="", timestamp=at)


def keys(instance: dg.DagsterInstance, later: timedelta) -> list[str | None]:
    """The run keys of a tick at a later time."""
    result = refreshed(instance, datetime.now(UTC) + later)
    requests = [] if isinstance(result, dg.SkipReason) else result.run_requests or []
    assert all(r.asset_selection == [dg.AssetKey("dataset_index")] for r in requests)
    return [request.run_key for request in requests]


def test_an_index_is_made_when_results_have_come(instance: dg.DagsterInstance) -> None:
    """The index would be of yesterday in the morning; or be made without anything new."""
    assert keys(instance, LONGEST) == []
    made(instance, "filtered_hoi")
    assert len(keys(instance, QUIET + SOON)) == 1
    made(instance, "dataset_index")
    assert keys(instance, LONGEST) == []


def test_a_batch_of_results_makes_few_indexes(instance: dg.DagsterInstance) -> None:
    """A thousand clips would make a thousand indexes, each of them of a minute."""
    made(instance, "filtered_hoi")
    made(instance, "dataset_index")
    made(instance, "filtered_hoi")
    assert keys(instance, SOON) == [], "more are coming"
    quiet = keys(instance, QUIET + SOON)
    assert len(quiet) == 1
    assert keys(instance, QUIET + 2 * SOON) == quiet, "it is requested once"


def test_an_index_is_made_although_results_keep_coming(instance: dg.DagsterInstance) -> None:
    """A batch of a whole night would show nothing until its end."""
    made(instance, "dataset_index", ago=LONGEST - timedelta(minutes=1))
    made(instance, "filtered_hoi")
    assert keys(instance, SOON) == []
    made(instance, "dataset_index", ago=LONGEST)
    assert len(keys(instance, SOON)) == 1


def test_no_second_index_is_made_at_the_same_time(instance: dg.DagsterInstance) -> None:
    """Two runs would write one index."""
    made(instance, "filtered_hoi")
    job = build_defs().resolve_implicit_global_asset_job_def()
    asked = {dg.AssetKey("dataset_index")}
    run = instance.create_run_for_job(
        job.get_subset(asset_selection=asked),
        status=dg.DagsterRunStatus.STARTED,
        asset_selection=frozenset(asked),
    )
    assert keys(instance, LONGEST) == []
    instance.report_run_failed(run, "killed")
    assert len(keys(instance, LONGEST)) == 1, "a failed one is made again"


def test_a_failure_is_shown_too(instance: dg.DagsterInstance) -> None:
    """A night in which every clip fails would look like one in which nothing happened."""
    made(instance, "filtered_hoi")
    made(instance, "dataset_index")
    Runs(instance).killed(CELL, ["scene_render"])
    assert len(keys(instance, QUIET + SOON)) == 1


def test_the_standing_check_lists_who_is_left_with_reason_and_cure(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Nobody would know in the morning which cells failed, or what to do about them."""
    resource = kling_platform(tmp_path / "results", model_api="simulated")
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 3))
    platform = resource.platform()
    steps = Steps(platform, platform.stages(STAGES), Purchases(), datetime.now(UTC))
    runs = Runs(instance)
    assert check_result(list(left(instance, steps))).passed
    runs.failed("cordless-drill|rand00001", ["video_task"], BudgetError("the day's is spent"))
    runs.failed("cordless-drill|rand00002", ["scene_render"], BudgetError("made meanwhile"))
    runs.killed("cordless-drill|rand00003", ["scene_render"])
    found = list(left(instance, steps))
    assert [step.asked.key for step in found] == ["cordless-drill|rand00001"]
    result = check_result(found)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    (row,) = result.metadata["cells"].records
    assert row.data["why"] == "video_task: the day's is spent"
    assert row.data["missing"] == "video_task"
    assert "materialize the cell again" in str(row.data["cure"])


def test_the_check_is_evaluated_with_the_index(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """The check would stand on the page without ever being evaluated."""
    resource = kling_platform(tmp_path, model_api="simulated")
    Runs(instance).failed(CELL, ["video_task"], BudgetError("spent"))
    defs = build_defs(platform=resource)
    result = defs.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[dg.AssetKey("dataset_index")], instance=instance
    )
    (evaluation,) = result.get_asset_check_evaluations()
    assert evaluation.check_name == "no_cell_is_left"
    assert not evaluation.passed
