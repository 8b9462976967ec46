"""A real daemon over stub stages: a batch one of whose runs is killed completes by itself."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.execution.backfill import PartitionBackfill

from hoi_platform.assets.stage import flow_order
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.definitions import build_defs
from hoi_platform.liveness.heartbeats import Heartbeats
from hoi_platform.partitions import add_object_keys
from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform.unfinished.tags import PARTITION, REASON, TRY
from hoi_platform_tests.platform.prepared import ABOVE, DRILL, prepare

_BIN = Path(sys.executable).parent
_MODULE = "hoi_platform_tests.platform.stub_chain"
SEEDS = (1, 2)
LAST = "visualization"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped instance and configuration with simulated videos; Dagster retries nothing."""
    home, configs, words = tmp_path / "home", tmp_path / "configs", tmp_path / "words"
    for folder in (home, words):
        folder.mkdir()
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    settings["run_retries"] = {"enabled": False}
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    shutil.copytree(PROJECT_ROOT / "configs", configs)
    path = configs / "gen_2dhoi" / "manipulation.yaml"
    data = yaml.safe_load(path.read_text())
    data["video"] |= {"model_api": "simulated"}
    path.write_text(yaml.safe_dump(data))
    values = {
        "DAGSTER_HOME": str(home),
        "HOI_RESULTS_DIR": str(tmp_path / "results"),
        "HOI_CONFIG_DIR": str(configs),
        "HOI_STUB_FOLDER": str(words),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources`:DeprecationWarning")
def test_a_batch_whose_run_is_killed_completes_by_itself(home: Path) -> None:
    """A person would find half a batch in the morning, or an index of the day before."""
    hold = home / "words" / "reconstruction.1.wait"
    hold.touch()
    platform = PlatformResource().platform()
    with dg.DagsterInstance.get() as instance, _daemon(home / "daemon.log"):
        add_object_keys(instance, ["cordless-drill"])
        prepare(PlatformResource(), home, range(0), ABOVE[:3])
        _launch(instance)
        _wait_until(hold.with_suffix(".waits").exists)
        (run,) = _runs(instance, 1, dg.DagsterRunStatus.STARTED)
        beat = Heartbeats(instance).of(run.run_id)
        assert beat is not None
        hold.unlink()
        os.kill(beat.process.pid, signal.SIGKILL)
        clips = [platform.clip(DRILL, seed) for seed in SEEDS]
        _wait_until(lambda: all(platform.store.record(LAST, clip) for clip in clips))
        _wait_until(lambda: _index_is_of(instance, len(SEEDS)))
        killed, second = sorted(_runs(instance, 1), key=lambda run: TRY in run.tags)
        assert killed.run_id == run.run_id
        assert second.tags[TRY] == "1"
        assert "SIGKILL" in second.tags[REASON] or "has ended" in second.tags[REASON]
        made = {key.to_user_string() for key in second.asset_selection or ()}
        assert made == {"reconstruction", "clip_accuracy", "filtered_hoi", LAST}
        assert len(_runs(instance, 2)) == 1
        _wait_until(lambda: _check_status(instance) == "SUCCEEDED")


def _check_status(instance: dg.DagsterInstance) -> str:
    """The outcome of the last evaluation of the standing check."""
    check = dg.AssetCheckKey(dg.AssetKey("dataset_index"), "no_cell_is_left")
    history = instance.event_log_storage.get_asset_check_execution_history(check, limit=1)
    return history[0].status.value


def _launch(instance: dg.DagsterInstance) -> None:
    """A backfill of the whole chain of the batch, as the page makes one."""
    cells = [f"cordless-drill|rand{seed:05d}" for seed in SEEDS]
    names = [name for name in flow_order() if ARTIFACTS[name].scope == "clip"]
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="batch",
        asset_graph=build_defs().get_repository_def().asset_graph,
        partition_names=cells,
        asset_selection=[dg.AssetKey(name) for name in names],
        backfill_timestamp=datetime.now(UTC).timestamp(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)


def _runs(
    instance: dg.DagsterInstance, seed: int, *statuses: dg.DagsterRunStatus
) -> list[dg.DagsterRun]:
    """The runs of a cell."""
    tags = {PARTITION: f"cordless-drill|rand{seed:05d}"}
    return list(instance.get_runs(dg.RunsFilter(tags=tags, statuses=list(statuses))))


def _index_is_of(instance: dg.DagsterInstance, clips: int) -> bool:
    """Whether the index was made with this many judged clips."""
    event = instance.get_latest_materialization_event(dg.AssetKey("dataset_index"))
    made = event.asset_materialization if event else None
    return made is not None and made.metadata["valid"].value == clips


@contextmanager
def _daemon(log: Path) -> Iterator[None]:
    with log.open("w") as output:
        daemon = subprocess.Popen(
            [_BIN / "dagster-daemon", "run", "-m", _MODULE], stdout=output, stderr=output
        )
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait(timeout=60)


def _wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 600
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.5)
