"""A paid task that runs is no failure: the run is green, and the sensor goes on with the cell."""

from pathlib import Path

import dagster as dg

from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys
from hoi_platform.sensors.video_poll import video_poll
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.unfinished.tags import WAITS
from hoi_platform_tests.platform.prepared import kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.platform.test_paid_assets import run_asset
from hoi_platform_tests.services.video.paid_world import make_frames


def test_a_clip_whose_task_runs_is_missing_and_not_failed(kling: FakeKling, tmp_path: Path) -> None:
    """Every paid clip would stand as a failure on the page until its video is ready.

    Or two runs would fetch one video, if a person materializes the cell meanwhile.
    """
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    defs = build_defs(platform=resource)
    with dg.instance_for_test() as instance:
        add_object_keys(instance, ["cordless-drill"])
        result = run_asset(resource, ["video_task", "interaction_video", "human_pose"], instance)
        assert result.success
        made = [
            event.asset_key.to_user_string() for event in result.get_asset_materialization_events()
        ]
        assert made == ["video_task"]
        (check,) = result.get_asset_check_evaluations()
        assert (check.passed, check.asset_key.to_user_string()) == (False, "interaction_video")
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        assert "kling-ai task" in run.tags[WAITS]
        assert "is still" in run.tags[WAITS]

        for task in kling.book.tasks:
            task.run_s = 0.0
        resources = {name: defs.resources[name] for name in ("platform", "ledger", "video")}

        def tick() -> dg.SensorResult | dg.SkipReason:
            with dg.build_sensor_context(
                instance=instance, definitions=defs, resources=resources
            ) as context:
                return video_poll(context)

        other = instance.create_run_for_job(
            defs.resolve_job_def("clip_chain"),
            tags={"dagster/partition": "cordless-drill|rand00001"},
            status=dg.DagsterRunStatus.STARTED,
        )
        assert isinstance(tick(), dg.SkipReason)
        instance.report_run_canceled(other)
        requests = tick().run_requests
        assert [str(request.partition_key) for request in requests] == ["cordless-drill|rand00001"]
    assert orders(kling) == 1
