"""A real dagster-daemon with run retries on: what it repeats is never a refused purchase."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
import yaml

from hoi_platform.partitions import add_object_keys
from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.platform.prepared import prepare
from hoi_platform_tests.platform.stand_ins import served_kling
from hoi_platform_tests.services.video.paid_world import make_frames

RETRIES = 2
REFUSED, BUSY = "rand00001", "rand00002"
_BIN = Path(sys.executable).parent
_MODULE = "hoi_platform.definitions"


@pytest.fixture
def kling() -> Iterator[FakeKling]:
    """Refuses the first clip for good, and has no slot for the second."""
    with served_kling() as kling:
        kling.on_prompt = {REFUSED: "safety", BUSY: "slots_in_use"}
        yield kling


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_refusal_is_sent_once_and_a_passing_fault_by_every_retry(
    kling: FakeKling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run retries would be refused once per retry; or the daemon of this test retried nothing."""
    for name, value in _home(tmp_path).items():
        monkeypatch.setenv(name, value)
    prepare(PlatformResource(), make_frames(tmp_path, 1)[0], range(1, 3))
    with dg.DagsterInstance.get() as instance:
        add_object_keys(instance, ["cordless-drill"])
        for seed in (REFUSED, BUSY):
            _launch(seed)
        with _daemon(tmp_path / "daemon.log"):
            _wait_until(instance, lambda: len(_runs(instance, BUSY)) == 1 + RETRIES)
        assert len(_runs(instance, REFUSED)) == 1
    prompts = [call.json().get("prompt", "") for call in kling.calls if call.method == "POST"]
    assert sum(REFUSED in prompt for prompt in prompts) == 1
    assert sum(BUSY in prompt for prompt in prompts) > RETRIES
    rows = open_ledger(f"sqlite:///{tmp_path}/results/ledger/ledger.db").rows()
    states = {row.subject[-len(REFUSED) :]: row.state for row in rows}
    assert states == {REFUSED: RequestState.REFUSED, BUSY: RequestState.RESERVED}


def _home(folder: Path) -> dict[str, str]:
    """An instance that repeats failed runs, and the shipped configuration with kling-ai."""
    home, configs = folder / "home", folder / "configs"
    home.mkdir()
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    settings["run_retries"] = {
        "enabled": True,
        "max_retries": RETRIES,
        "retry_on_asset_or_op_failure": True,
    }
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    shutil.copytree(PROJECT_ROOT / "configs", configs)
    path = configs / "gen_2dhoi" / "manipulation.yaml"
    data = yaml.safe_load(path.read_text())
    data["video"] |= {"model_api": "kling-ai", "video_retry_wait": 0.05}
    path.write_text(yaml.safe_dump(data))
    return {
        "DAGSTER_HOME": str(home),
        "HOI_RESULTS_DIR": str(folder / "results"),
        "HOI_CONFIG_DIR": str(configs),
        "HOI_PROFILE": "full",
    }


@contextmanager
def _daemon(log: Path) -> Iterator[None]:
    """``dagster-daemon run`` as it is run in production."""
    with log.open("w") as output:
        daemon = subprocess.Popen(
            [_BIN / "dagster-daemon", "run", "-m", _MODULE],
            env=dict(os.environ),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            daemon.terminate()
            daemon.wait(timeout=60)


def _launch(seed: str) -> None:
    """Queue one run of ``video_task`` as the web page does."""
    query = (
        "mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) "
        "{ __typename ... on PythonError { message } } }"
    )
    selector = {
        "repositoryName": "__repository__",
        "repositoryLocationName": _MODULE,
        "pipelineName": "__ASSET_JOB",
        "assetSelection": [{"path": ["video_task"]}],
    }
    tags = {
        "dagster/partition": f"cordless-drill|{seed}",
        "dagster/partition/object": "cordless-drill",
        "dagster/partition/seed": seed,
    }
    metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
    params = {
        "selector": selector,
        "mode": "default",
        "runConfigData": {},
        "executionMetadata": metadata,
    }
    done = subprocess.run(
        [
            _BIN / "dagster-graphql",
            "-m",
            _MODULE,
            "-t",
            query,
            "-v",
            json.dumps({"params": params}),
        ],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "LaunchRunSuccess" in done.stdout, done.stdout[-3000:] + done.stderr[-3000:]


def _runs(instance: dg.DagsterInstance, seed: str) -> list[dg.DagsterRun]:
    return [run for run in instance.get_runs() if run.tags.get("dagster/partition/seed") == seed]


def _wait_until(instance: dg.DagsterInstance, reached: Callable[[], bool]) -> None:
    """Until the condition holds and every run has ended."""
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        if reached() and all(run.is_finished for run in instance.get_runs()):
            return
        time.sleep(0.5)
    raise AssertionError(f"not reached: {[(r.tags, r.status) for r in instance.get_runs()]}")
