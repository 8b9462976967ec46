"""Paid assets in Dagster: keys, the sensor, refusals that no retry path repeats, the dry run."""

import json
from pathlib import Path

import dagster as dg
import pytest

from hoi_platform.assets.gen_2dhoi.object_scale import WITHOUT_A_KEY
from hoi_platform.core.config.gen_2dhoi import BudgetConfig
from hoi_platform.core.errors import ConfigError, MissingResourceError
from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.pipelines import gen_2dhoi
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.video import require_video_keys
from hoi_platform.resources.vision import VisionResource
from hoi_platform.sensors.video_poll import video_poll
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.platform.conftest import small_config
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import orders, paid_environment
from hoi_platform_tests.services.video.paid_world import make_frames


def run_asset(resource: object, assets: list[str], instance: dg.DagsterInstance, seed: int = 1):
    """One run of some assets of a clip."""
    job = build_defs(platform=resource).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=[dg.AssetKey(name) for name in assets],
        partition_key=cell_key("cordless-drill", seed),
        instance=instance,
        raise_on_error=False,
    )


@pytest.mark.parametrize("api", ["kling-ai", "fal-ai"])
def test_a_missing_key_is_told_with_its_cure(api: str, tmp_path: Path) -> None:
    """A night's rendering would end in failures for want of an export."""
    resource = kling_platform(tmp_path, model_api=api)
    config = resource.platform().settings("manipulation").gen_2dhoi.video
    reported = r"export .*(KLING_API_KEY|FAL_KEY).*simulated"
    with paid_environment({}), pytest.raises(MissingResourceError, match=reported):
        require_video_keys(config)


def test_the_command_line_stops_before_any_work_without_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Meshes would be settled and rendered for nothing."""
    flags = ["--dataset", "ComAsset", "--category", "cordless_drill"]
    flags += ["--results_dir", str(tmp_path), "--video_model_api", "kling-ai"]
    with paid_environment({}):
        assert gen_2dhoi.main(flags) == 1
    assert "KLING_ACCESS_KEY" in capsys.readouterr().err
    assert not (tmp_path / "generation").exists()


def test_a_dry_run_counts_and_prices_and_sends_nothing(
    kling: FakeKling, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The user would learn the price of a batch from the invoice."""
    flags = ["--dataset", "ComAsset", "--category", "cordless_drill", "--dry_run"]
    flags += ["--results_dir", str(tmp_path), "--video_model_api", "kling-ai"]
    assert gen_2dhoi.main([*flags, "--num_rand_scenes", "4"]) == 0
    shown = capsys.readouterr().out
    assert "1.44" in shown or "1.40" in shown  # 4 videos of 5 s at 0.07 USD, 4 questions
    assert "nothing was sent" in shown
    assert kling.calls == []
    assert not (tmp_path / "ledger").exists()
    assert gen_2dhoi.main([*flags, "--num_rand_scenes", "15"]) == 0
    shown = capsys.readouterr().out
    assert "total: 5.40 USD" in shown, "more than a launch may buy: a plan to approve"
    assert "hoi approve" in shown
    assert kling.calls == []


def test_the_sensor_requests_a_clip_once_its_video_is_ready(
    kling: FakeKling, tmp_path: Path
) -> None:
    """Finished videos would lie at the service until they are deleted."""
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 3))
    defs = build_defs(platform=resource)
    assert "video_poll" in {sensor.name for sensor in defs.sensors or []}
    with dg.instance_for_test() as instance:
        add_object_keys(instance, ["cordless-drill"])

        def tick():
            resources = {name: defs.resources[name] for name in ("platform", "ledger", "video")}
            with dg.build_sensor_context(
                instance=instance, definitions=defs, resources=resources
            ) as context:
                return video_poll(context)

        assert isinstance(tick(), dg.SkipReason)
        for seed in (1, 2):
            assert run_asset(resource, ["video_task"], instance, seed).success
        for task in kling.book.tasks:
            task.run_s = 0.0
        before = len(kling.calls)
        requests = tick().run_requests
        assert {str(r.partition_key) for r in requests} == {
            "cordless-drill|rand00001",
            "cordless-drill|rand00002",
        }
        assert len(kling.calls) - before <= 2
        assert [r.run_key for r in tick().run_requests] == [r.run_key for r in requests]
    assert orders(kling) == 2


def test_a_refusal_closes_the_retries_of_its_run(kling: FakeKling, tmp_path: Path) -> None:
    """Dagster would send a refused request again, whatever the ledger says."""
    kling.on_prompt["drill"] = "safety"
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    with dg.instance_for_test() as instance:
        add_object_keys(instance, ["cordless-drill"])
        result = run_asset(resource, ["video_task"], instance)
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        (failure,) = [e for e in result.all_events if e.is_step_failure]
        assert "1301" in str(failure.step_failure_data.error)
        assert run.tags.get("dagster/retry_on_asset_or_op_failure") == "false"
        run_asset(resource, ["video_task"], instance)
    assert orders(kling) == 1


def _failure(result: dg.ExecuteInProcessResult) -> str:
    (failed,) = [e for e in result.all_events if e.is_step_failure]
    return str(failed.step_failure_data.error)


@pytest.mark.parametrize("state", ["open", "delivered", "rejected"])
def test_another_video_of_a_clip_is_bought_by_an_explicit_word_alone(
    state: str, kling: FakeKling, tmp_path: Path
) -> None:
    """A click on the page, a sensor or `hoi demo` would pay for a clip that has its video."""
    first = kling_platform(tmp_path)
    prepare(first, make_frames(tmp_path, 1)[0], range(1, 2))
    book = LedgerResource(platform=first).ledger(BudgetConfig())
    changed = kling_platform(tmp_path, kling_mode="std")
    with dg.instance_for_test() as instance:
        add_object_keys(instance, ["cordless-drill"])
        assert run_asset(first, ["video_task"], instance).success
        if state != "open":
            book.advance(book.get("1").fingerprint, RequestState.SUCCEEDED)
            book.advance(book.get("1").fingerprint, RequestState(state))
        error = _failure(run_asset(changed, ["video_task"], instance))
        assert "has a bought video (ledger row 1" in error
        assert "--buy-again" in error
        assert (orders(kling), len(book.rows())) == (1, 1)
        approved = changed.with_flags(buy_again=True)
        assert run_asset(approved, ["video_task"], instance).success
        assert orders(kling) == 2
        assert run_asset(changed, ["video_task"], instance).success, "it is in the ledger now"
        assert orders(kling) == 2


def test_more_takes_of_a_bought_clip_need_a_word_on_the_page_too(
    kling: FakeKling, tmp_path: Path
) -> None:
    """A raised num_videos would buy the whole data set once more by a click."""
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    more = kling_platform(tmp_path, num_videos=2)
    with dg.instance_for_test() as instance:
        add_object_keys(instance, ["cordless-drill"])
        assert run_asset(resource, ["video_task"], instance).success
        refused = run_asset(more, ["video_task"], instance)
        assert not refused.success
        (failure,) = refused.get_step_failure_events()
        assert "--buy-again" in str(failure.step_failure_data)
        assert orders(kling) == 1
        assert run_asset(more.with_flags(buy_again=True), ["video_task"], instance).success
        assert run_asset(more, ["video_task"], instance).success
    assert orders(kling) == 2


def test_skip_done_buys_for_a_clip_without_a_video_alone(kling: FakeKling, tmp_path: Path) -> None:
    """A continued batch would buy videos again, or not buy those that are left."""
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 3))
    with dg.instance_for_test() as instance:
        add_object_keys(instance, ["cordless-drill"])
        assert run_asset(resource, ["video_task"], instance).success
    store, clip = resource.platform().store, resource.platform().clip(DRILL, 1)
    first = store.record("video_task", clip)
    video = {"video_retry_wait": 0.05, "video_max_polls": 1, "kling_mode": "std"}
    config = small_config(tmp_path, "gen_2dhoi", "manipulation", {"video": video})
    flags = ["--dataset", "ComAsset", "--category", "cordless_drill", "--skip_done"]
    flags += ["--results_dir", str(tmp_path), "--video_model_api", "kling-ai"]
    flags += ["--config", str(config), "--num_rand_scenes", "2"]
    for _ in range(2):
        assert gen_2dhoi.main(flags) == 1, "the videos are not ready"
        bodies = [json.loads(call.body) for call in kling.calls if call.method == "POST"]
        assert [body["mode"] for body in bodies] == ["pro", "std"]
    assert store.record("video_task", clip) == first


def test_takes_and_repeated_orders_need_no_second_word(kling: FakeKling, tmp_path: Path) -> None:
    """A clip of several takes, or one that a person ordered once more, could not be bought."""
    resource = kling_platform(tmp_path, num_videos=2)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    book = LedgerResource(platform=resource).ledger(BudgetConfig())
    with dg.instance_for_test() as instance:
        add_object_keys(instance, ["cordless-drill"])
        assert run_asset(resource, ["video_task"], instance).success
        assert orders(kling) == 2
        book.advance(book.get("1").fingerprint, RequestState.FAILED)
        book.reserve_again(book.get("1").fingerprint)
        again = resource.with_flags(force=["video_task"])
        assert run_asset(again, ["video_task"], instance).success
    assert orders(kling) == 3


def test_paid_assets_have_neither_a_retry_policy_nor_an_automation_condition() -> None:
    """A step would be repeated by its own policy, or requested again after each failure."""
    for asset in build_defs().assets or []:
        assert asset.op.retry_policy is None  # type: ignore[union-attr]
    paid = {dg.AssetKey(name) for name in ("video_prompt", "video_task", "interaction_video")}
    specs = [spec for spec in build_defs().resolve_all_asset_specs() if spec.key in paid]
    assert [spec.automation_condition for spec in specs] == [None] * 3


def test_a_scale_search_without_a_key_names_the_ways_out(tmp_path: Path) -> None:
    """A user without a key would not learn that a scale can be given."""
    resource = kling_platform(tmp_path)
    gen = resource.platform().settings("manipulation").gen_2dhoi
    vision = VisionResource(ledger=LedgerResource(platform=resource))
    ways = r"export a key.*hoi objects add --scale.*--size.*real_world_sizes\.yaml"
    with paid_environment({}), pytest.raises(MissingResourceError, match=ways):
        vision.model(gen, "the scale search", WITHOUT_A_KEY)


def test_the_vision_models_key_goes_to_https_or_this_machine_only(tmp_path: Path) -> None:
    """A mistyped address would send the key in clear text."""
    resource = kling_platform(tmp_path)
    gen = resource.platform().settings("manipulation").gen_2dhoi
    vision = VisionResource(ledger=LedgerResource(platform=resource))
    values = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://a.example/v1"}
    with paid_environment(values), pytest.raises(ConfigError, match="OPENAI_BASE_URL"):
        vision.model(gen, "a test", "")
