"""Runs whose process died are noticed, failed with the reason, and their slots freed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import psutil
import pytest
import sqlalchemy as sa
import yaml

from hoi_platform.instance import prepare_home
from hoi_platform.liveness.beating import beating
from hoi_platform.liveness.dead_runs import death_of, fail_dead_runs
from hoi_platform.liveness.heartbeats import BEAT_EVERY, MISSED_BEATS, Heartbeats
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.process_id import ProcessId
from hoi_platform_tests.services.ledger.postgres import running_postgres

_BIN = Path(sys.executable).parent
_ELSEWHERE = ProcessId("another-host", "", 1, 0)

SLEEPER = '''
import time
from pathlib import Path
import dagster as dg
from hoi_platform.liveness.executor import beating_executor

FOLDER = Path({folder!r})

@dg.asset(pool="sleepers")
def sleeper() -> None:
    """Sleeps for ever at its first tries."""
    tries = len(list(FOLDER.glob("try*")))
    (FOLDER / f"try{{tries}}").touch()
    time.sleep(600 if tries < {hanging} else 0)

defs = dg.Definitions(assets=[sleeper], executor=beating_executor)
'''

EARLIER = b"""# The project's Dagster instance. DAGSTER_HOME is .dagster_home (git-ignored); make copies this file
# there. SQLite by default; docker-compose.yml mounts deploy/dagster.postgres.yaml instead.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 2
  pools:
    granularity: op
    default_limit: 4
run_queue:
  dequeue_interval_seconds: 2
run_retries:
  enabled: true
  max_retries: 1
  # A failed step says why and is not run again by itself; only a run whose worker died is.
  retry_on_asset_or_op_failure: false
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  # A run whose worker was killed stays STARTED for ever under the default launcher otherwise.
  max_runtime_seconds: 21600
  # A killed run keeps its pool slot for ever otherwise.
  free_slots_after_run_end_seconds: 300
  poll_interval_seconds: 60
retention:
  schedule:
    purge_after_days: 30
  sensor:
    purge_after_days: 7
"""  # noqa: E501

RUNNER = """
import sys
import time
from datetime import timedelta
import dagster as dg
from hoi_platform.liveness.beating import beating

@dg.asset(pool="sleepers")
def sleeper() -> None:
    print("asleep", flush=True)
    time.sleep(600)

instance = dg.DagsterInstance.get()
job = dg.Definitions(assets=[sleeper]).resolve_implicit_global_asset_job_def()
with beating(instance, sys.argv[1], timedelta(seconds=0.3)):
    job.execute_in_process(instance=instance, run_id=sys.argv[1])
"""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance on disk with the shipped dagster.yaml."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_bytes((PROJECT_ROOT / "dagster.yaml").read_bytes())
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        yield instance


@pytest.fixture
def running(instance: dg.DagsterInstance) -> Iterator[tuple[str, subprocess.Popen]]:
    """A run in a process of its own, in the middle of its step."""
    run_id = "11111111-2222-3333-4444-555555555555"
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, run_id], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "asleep\n"
    yield run_id, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_living_run_is_left_alone(
    instance: dg.DagsterInstance, running: tuple[str, subprocess.Popen]
) -> None:
    """Runs at work would be failed under their workers."""
    assert fail_dead_runs(instance) == []
    assert _status(instance, running[0]) == dg.DagsterRunStatus.STARTED


def test_a_killed_run_is_failed_at_once_with_its_slot(
    instance: dg.DagsterInstance, running: tuple[str, subprocess.Popen]
) -> None:
    """The run would stay STARTED for hours, and hold its place in the queue and its pool's slot."""
    run_id, process = running
    assert _slots_in_use(instance) == 1
    process.kill()
    process.wait()
    [told] = fail_dead_runs(instance)
    assert f"process {process.pid} on" in told
    assert "has ended" in told
    assert _status(instance, run_id) == dg.DagsterRunStatus.FAILURE
    assert _slots_in_use(instance) == 0


def test_a_run_that_ended_well_after_it_was_listed_is_left_alone(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success would become a failure because its process was gone when its beat was read."""
    run = instance.create_run_for_job(_job(), status=dg.DagsterRunStatus.STARTED)
    beats = Heartbeats(instance)
    beats.beat(run.run_id, replace(ProcessId.own(), started_ms=0))
    assert "has ended" in (death_of(instance, run) or "")
    instance.report_engine_event("ended well", run)
    instance.handle_run_event(
        run.run_id, dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
    )
    monkeypatch.setattr(instance, "get_runs", lambda _filters: [run])
    assert fail_dead_runs(instance) == []
    assert _status(instance, run.run_id) == dg.DagsterRunStatus.SUCCESS


def test_the_last_beat_outlives_the_last_step(instance: dg.DagsterInstance) -> None:
    """A long run would be failed in the moment between its last step and its success."""
    with beating(instance, "run"):
        pass
    beat = Heartbeats(instance).of("run")
    assert beat is not None
    assert beat.death() is None


def test_old_beats_go(instance: dg.DagsterInstance) -> None:
    """The table would grow for ever."""
    beats = Heartbeats(instance)
    for name in ("old", "new"):
        beats.beat(name, ProcessId.own())
    _as_if_silent("old", instance, timedelta(days=2))
    fail_dead_runs(instance)
    assert beats.of("old") is None
    assert beats.of("new") is not None


def test_first_beats_of_many_processes_are_all_noted(instance: dg.DagsterInstance) -> None:
    """Two first runs would both make the table, and one of them would fail."""
    _all_beat(instance)


@pytest.mark.slow
def test_beats_on_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The production database would keep no beats, or read their times wrongly."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with running_postgres() as url:
        storage = {"postgres": {"postgres_url": url}}
        (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"storage": storage}))
        with dg.DagsterInstance.get() as instance:
            _all_beat(instance)


def _all_beat(instance: dg.DagsterInstance) -> None:
    """Several processes beat for the first time at the same moment."""
    code = (
        "import sys, dagster as dg; from hoi_platform.liveness.heartbeats import Heartbeats; "
        "from hoi_platform.services.process_id import ProcessId; "
        "instance = dg.DagsterInstance.get(); sys.stdin.readline(); "
        "Heartbeats(instance).beat(sys.argv[1], ProcessId.own())"
    )
    names = [f"run{n}" for n in range(4)]
    started = [
        subprocess.Popen([sys.executable, "-c", code, name], stdin=subprocess.PIPE)
        for name in names
    ]
    time.sleep(5.0)  # all have imported, and wait for the word
    for process in started:
        process.communicate(b"\n", timeout=60)
    assert [process.returncode for process in started] == [0] * len(names)
    for name, process in zip(names, started, strict=True):
        beat = Heartbeats(instance).of(name)
        assert beat is not None
        assert beat.process.pid == process.pid
        assert abs(beat.age) < timedelta(seconds=30)


def test_a_paused_process_that_was_given_up_stops_when_it_wakes(
    instance: dg.DagsterInstance, running: tuple[str, subprocess.Popen]
) -> None:
    """It would go on beside the run that took its place."""
    run_id, process = running
    process.send_signal(signal.SIGSTOP)
    _as_if_silent(run_id, instance, MISSED_BEATS * BEAT_EVERY + timedelta(seconds=1))
    [told] = fail_dead_runs(instance)
    assert "has not been heard of" in told
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=30) != 0


def test_three_missed_beats_of_another_host_are_a_death_and_two_are_none(
    instance: dg.DagsterInstance,
) -> None:
    """A lost machine would hold its runs for ever, or a slow one would lose them."""
    beats = Heartbeats(instance)
    beats.beat("far", _ELSEWHERE)
    _as_if_silent("far", instance, 2 * BEAT_EVERY)
    beat = beats.of("far")
    assert beat is not None
    assert beat.death() is None
    _as_if_silent("far", instance, MISSED_BEATS * BEAT_EVERY + timedelta(seconds=1))
    late = beats.of("far")
    assert late is not None
    assert "process 1 on another-host has not been heard of" in (late.death() or "")


def test_an_unchanged_dagster_yaml_of_an_earlier_version_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an update dead runs would not be noticed; or a person's settings would be lost."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    path, today = tmp_path / "dagster.yaml", (PROJECT_ROOT / "dagster.yaml").read_bytes()
    path.write_bytes(EARLIER)
    prepare_home()
    assert path.read_bytes() == today
    path.write_bytes(EARLIER + b"# mine\n")
    prepare_home()
    assert path.read_bytes() == EARLIER + b"# mine\n"


@pytest.mark.long
@pytest.mark.timeout(300)
def test_killed_runs_are_failed_and_run_again_once(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """A run whose worker or whole tree of processes was killed would block the queue for hours.

    Or a run that always dies would be run for ever.
    """
    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    assert settings["run_retries"]["max_retries"] == 1
    module = tmp_path / "sleeping.py"
    module.write_text(SLEEPER.format(folder=str(tmp_path), hanging=2))
    with _daemon(module) as daemon:
        subprocess.run(
            [_BIN / "dagster", "job", "launch", "-f", str(module), "-j", "__ASSET_JOB"], check=True
        )
        _wait_until((tmp_path / "try0").exists)
        os.kill(_pid_at_work(instance), signal.SIGKILL)
        _wait_until((tmp_path / "try1").exists)
        worker = _pid_at_work(instance)
        _kill_tree(daemon)
        assert not psutil.pid_exists(worker)
    assert _finished(instance) == 1
    with _daemon(module):
        _wait_until(lambda: _finished(instance) == 2)
        _wait_until(lambda: _slots_in_use(instance) == 0)
    assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.FAILURE}
    assert not (tmp_path / "try2").exists()


@contextmanager
def _daemon(module: Path) -> Iterator[subprocess.Popen]:
    with (module.parent / "daemon.log").open("a") as log:
        daemon = subprocess.Popen(
            [_BIN / "dagster-daemon", "run", "-f", str(module)], stdout=log, stderr=log
        )
    try:
        yield daemon
    finally:
        daemon.terminate()
        daemon.wait(timeout=60)


def _kill_tree(root: subprocess.Popen) -> None:
    """SIGKILL for a process and all below it, as by the kernel or a lost machine."""
    tree = [psutil.Process(root.pid), *psutil.Process(root.pid).children(recursive=True)]
    for process in tree:
        process.kill()
    psutil.wait_procs(tree, timeout=10)


def _job() -> dg.JobDefinition:
    @dg.job
    def nothing() -> None:
        pass

    return nothing


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def _slots_in_use(instance: dg.DagsterInstance) -> int:
    return instance.event_log_storage.get_concurrency_info("sleepers").active_slot_count


def _finished(instance: dg.DagsterInstance) -> int:
    return sum(run.is_finished for run in instance.get_runs())


def _pid_at_work(instance: dg.DagsterInstance) -> int:
    beat = None
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        beat = Heartbeats(instance).of(run.run_id)
    assert beat is not None
    return beat.process.pid


def _as_if_silent(run_id: str, instance: dg.DagsterInstance, silent: timedelta) -> None:
    """Put a run's last beat into the past."""
    beat = Heartbeats(instance).of(run_id)
    assert beat is not None
    with instance.run_storage.connect() as connection:
        now = connection.execute(sa.text("SELECT CURRENT_TIMESTAMP")).scalar_one()
        past = sa.text(
            "UPDATE hoi_heartbeats SET beat_at = datetime(:now, :shift) WHERE run_id = :id"
        )
        shift = f"-{int(silent.total_seconds())} seconds"
        connection.execute(past, {"now": now, "shift": shift, "id": run_id})


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 200
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
