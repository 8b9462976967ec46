"""``hoi stop``: runs are canceled by id or clip, and their processes end."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from hoi_platform.cli import status_of
from hoi_platform.instance import project_instance
from hoi_platform.partitions import cell_key
from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform_tests.platform.prepared import DRILL

WORKING = """
import sys, time
from datetime import timedelta
from hoi_platform.instance import project_instance
from hoi_platform.liveness.beating import beating
with project_instance() as instance, beating(instance, sys.argv[1], timedelta(seconds=0.2)):
    print("working", flush=True)
    time.sleep(300)
"""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with project_instance() as found:
        yield found


def _job() -> dg.JobDefinition:
    @dg.job
    def nothing() -> None:
        pass

    return nothing


def _run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, **tags: str) -> str:
    return instance.create_run_for_job(_job(), status=status, tags=tags).run_id


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_waiting_runs_of_a_clip_are_canceled(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """A clip that nobody wants any more would be made, and bought, all the same."""
    platform = PlatformResource(results_dir=str(tmp_path)).platform()
    key, clip = platform.catalogue.key(DRILL), platform.clip(DRILL, 1)
    waiting = dg.DagsterRunStatus.NOT_STARTED
    mine = _run(instance, waiting, **{"dagster/partition": str(cell_key(key, 1))})
    other = _run(instance, waiting, **{"dagster/partition": str(cell_key(key, 2))})
    assert status_of(["stop", clip.path, "--results_dir", str(tmp_path)]) == 0
    assert _status(instance, mine) == dg.DagsterRunStatus.CANCELED
    assert _status(instance, other) == waiting
    assert status_of(["stop", other[:8], "--results_dir", str(tmp_path)]) == 0
    assert _status(instance, other) == dg.DagsterRunStatus.CANCELED
    assert status_of(["stop", other, "--results_dir", str(tmp_path)]) == 1


def test_the_process_of_a_working_run_ends(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """The page would say canceled while the machine works on, and bills come in."""
    run_id = _run(instance, dg.DagsterRunStatus.STARTED)
    process = subprocess.Popen(
        [sys.executable, "-c", WORKING, run_id], stdout=subprocess.PIPE, cwd=PROJECT_ROOT
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"working\n"
        assert status_of(["stop", run_id, "--results_dir", str(tmp_path)]) == 0
        assert process.wait(timeout=60) != 0
    finally:
        process.kill()
        process.communicate()
    assert _status(instance, run_id) == dg.DagsterRunStatus.CANCELED
