"""Paid assets in Dagster: keys, the sensor, refusals that no retry path repeats, the dry run."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from hoi_platform.core.errors import MissingResourceError
from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.pipelines import gen_2dhoi
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.resources.video import require_video_keys
from hoi_platform.sensors import video_poll
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.ledger import utc_now
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.fake_apis.fal import FakeFal
from hoi_platform_tests.fake_apis.kling import FakeKling
from hoi_platform_tests.fake_apis.kling_auth import KlingKeys
from hoi_platform_tests.fake_apis.server import application, free_port, serving
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import MAKE_VIDEO, make_frames

KEY_NAMES = ("KLING_ACCESS_KEY", "KLING_SECRET_KEY", "KLING_API_KEY", "FAL_KEY")


@pytest.fixture
def kling(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKling]:
    """A stand-in on loopback that the environment points at."""
    port = free_port()
    kling = FakeKling(utc_now, MAKE_VIDEO, base_url=f"http://127.0.0.1:{port}", run_s=0.5)
    keys = KlingKeys()
    for name in KEY_NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HOI_LEDGER_URL", raising=False)
    monkeypatch.setenv("KLING_BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("KLING_ACCESS_KEY", keys.access_key)
    monkeypatch.setenv("KLING_SECRET_KEY", keys.secret_key)
    with serving(application(kling, FakeFal(utc_now, MAKE_VIDEO)), port):
        yield kling


def sent(kling: FakeKling) -> int:
    return sum(call.method == "POST" for call in kling.calls)


def run_asset(resource: object, assets: list[str], instance: dg.DagsterInstance, seed: int = 1):
    """One run of some assets of a clip."""
    job = build_defs(platform=resource).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=[dg.AssetKey(name) for name in assets],
        partition_key=cell_key(DRILL.key, seed),
        instance=instance,
        raise_on_error=False,
    )


@pytest.mark.parametrize("api", ["kling-ai", "fal-ai"])
def test_a_missing_key_is_told_with_its_cure(
    api: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A night's rendering would end in failures for want of an export."""
    for name in KEY_NAMES:
        monkeypatch.delenv(name, raising=False)
    resource = kling_platform(tmp_path, model_api=api)
    config = resource.platform().settings("manipulation").gen_2dhoi.video
    with pytest.raises(MissingResourceError, match=r"export .*(KLING_API_KEY|FAL_KEY).*simulated"):
        require_video_keys(config)


def test_the_command_line_stops_before_any_work_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Meshes would be settled and rendered for nothing."""
    for name in KEY_NAMES:
        monkeypatch.delenv(name, raising=False)
    flags = ["--dataset", "ComAsset", "--category", "cordless_drill"]
    flags += ["--results_dir", str(tmp_path), "--video_model_api", "kling-ai"]
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


def test_the_sensor_requests_a_clip_once_its_video_is_ready(
    kling: FakeKling, tmp_path: Path
) -> None:
    """Finished videos would lie at the service until they are deleted."""
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 3))
    defs = build_defs(platform=resource)
    assert "video_poll" in {sensor.name for sensor in defs.sensors or []}
    with dg.instance_for_test() as instance:
        add_object_keys(instance, [DRILL.key])

        def tick():
            resources = {name: defs.resources[name] for name in ("platform", "ledger", "video")}
            with dg.build_sensor_context(
                instance=instance, definitions=defs, resources=resources
            ) as context:
                return video_poll(context)

        assert isinstance(tick(), dg.SkipReason)
        for seed in (1, 2):
            assert run_asset(resource, ["video_task"], instance, seed).success
        time.sleep(0.7)
        before = len(kling.calls)
        requests = tick().run_requests
        assert {str(r.partition_key) for r in requests} == {
            f"{DRILL.key}|rand00001",
            f"{DRILL.key}|rand00002",
        }
        assert len(kling.calls) - before <= 2
        assert [r.run_key for r in tick().run_requests] == [r.run_key for r in requests]
    assert sent(kling) == 2


def test_a_refusal_closes_the_retries_of_its_run(kling: FakeKling, tmp_path: Path) -> None:
    """Dagster would send a refused request again, whatever the ledger says."""
    kling.on_prompt["drill"] = "safety"
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    with dg.instance_for_test() as instance:
        add_object_keys(instance, [DRILL.key])
        result = run_asset(resource, ["video_task"], instance)
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        (failure,) = [e for e in result.all_events if e.is_step_failure]
        assert "1301" in str(failure.step_failure_data.error)
        assert run.tags.get("dagster/retry_on_asset_or_op_failure") == "false"
        run_asset(resource, ["video_task"], instance)
    assert sent(kling) == 1


def test_paid_assets_have_no_retry_policy() -> None:
    """A step would be repeated by its own policy."""
    for asset in build_defs().assets or []:
        assert asset.op.retry_policy is None  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_real_daemon_with_run_retries_sends_a_refusal_once(
    kling: FakeKling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run retries would buy, or be refused, once per retry."""
    kling.on_prompt["drill"] = "safety"
    results, home = tmp_path / "results", tmp_path / "home"
    home.mkdir()
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    settings["run_retries"] = {
        "enabled": True,
        "max_retries": 2,
        "retry_on_asset_or_op_failure": True,
    }
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    config = tmp_path / "configs"
    _configs(config)
    for name, value in {
        "DAGSTER_HOME": home,
        "HOI_RESULTS_DIR": results,
        "HOI_CONFIG_DIR": config,
        "HOI_PROFILE": "full",
    }.items():
        monkeypatch.setenv(name, str(value))
    from hoi_platform.resources.platform import PlatformResource

    prepare(PlatformResource(), make_frames(tmp_path, 1)[0], range(1, 2))
    with dg.DagsterInstance.get() as instance:
        add_object_keys(instance, [DRILL.key])
        _launch(home)
        daemon = subprocess.Popen(
            [
                f"{Path(sys.executable).parent}/dagster-daemon",
                "run",
                "-m",
                "hoi_platform.definitions",
            ],
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for_end(instance)
            time.sleep(20)  # two turns of the daemon that re-executes runs
            runs = instance.get_runs()
        finally:
            daemon.terminate()
            daemon.wait(timeout=60)
    assert len(runs) == 1
    assert sent(kling) == 1
    (row,) = open_ledger(f"sqlite:///{results}/ledger/ledger.db").rows()
    assert row.state == RequestState.REFUSED


def _configs(folder: Path) -> None:
    """The shipped configuration with kling-ai as backend."""
    import shutil

    shutil.copytree(PROJECT_ROOT / "configs", folder)
    path = folder / "gen_2dhoi" / "manipulation.yaml"
    data = yaml.safe_load(path.read_text())
    data["video"]["model_api"] = "kling-ai"
    path.write_text(yaml.safe_dump(data))


def _launch(home: Path) -> None:
    """Queue one run of ``video_task`` as the web page does."""
    query = (
        "mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) "
        "{ __typename ... on PythonError { message } } }"
    )
    selector = {
        "repositoryName": "__repository__",
        "repositoryLocationName": "hoi_platform.definitions",
        "pipelineName": "__ASSET_JOB",
        "assetSelection": [{"path": ["video_task"]}],
    }
    tags = [
        {"key": "dagster/partition", "value": f"{DRILL.key}|rand00001"},
        {"key": "dagster/partition/object", "value": DRILL.key},
        {"key": "dagster/partition/seed", "value": "rand00001"},
    ]
    import json

    variables = {
        "params": {
            "selector": selector,
            "mode": "default",
            "runConfigData": {},
            "executionMetadata": {"tags": tags},
        }
    }
    command = [f"{Path(sys.executable).parent}/dagster-graphql", "-m", "hoi_platform.definitions"]
    command += ["-t", query, "-v", json.dumps(variables)]
    done = subprocess.run(
        command, env=dict(os.environ), capture_output=True, text=True, timeout=300, check=False
    )
    assert "LaunchRunSuccess" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]


def _wait_for_end(instance: dg.DagsterInstance) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if any(run.is_finished for run in instance.get_runs()):
            return
        time.sleep(0.5)
    raise AssertionError(f"no run ended: {[run.status for run in instance.get_runs()]}")
