"""The weekly clean-up removes what nobody needs, and nothing that is paid for, shown or in use."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from hoi_platform.definitions import build_defs
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.retention.old_runs import delete_run, old_runs
from hoi_platform.services.artifacts.store import OWNER, ArtifactStore
from hoi_platform.services.leftovers import leftovers
from hoi_platform.services.process_id import ProcessId

WEEK_S = 7 * 86_400


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance on disk."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with dg.DagsterInstance.get() as instance:
        yield instance


def week_old(path: Path) -> Path:
    """The file, or the folder with a file in it, as of a week ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    inner = path if path.suffix else path / "file"
    inner.parent.mkdir(exist_ok=True)
    inner.write_text("x")
    for file in {inner, path}:
        os.utime(file, (time.time() - WEEK_S,) * 2)
    return path


def staged(root: Path, name: str, owner: ProcessId | None) -> Path:
    """An unfinished artifact that was last changed a week ago."""
    folder = root / ".staging" / name
    folder.mkdir(parents=True)
    if owner is not None:
        (folder / OWNER).write_text(json.dumps(owner.as_json()))
    for path in (*folder.iterdir(), folder):
        os.utime(path, (time.time() - WEEK_S,) * 2)
    return folder


def test_what_killed_processes_left_is_found_and_nothing_else(tmp_path: Path) -> None:
    """The disk would fill up; or a run would lose the artifact that it is making."""
    own, hex_ = ProcessId.own(), "0" * 32
    dead = staged(tmp_path, "video-dead", replace(own, started_ms=0))
    lost = staged(tmp_path, "video-lost", ProcessId("another-host", "", 1, 0))
    nobody = staged(tmp_path, "video-old", None)
    staged(tmp_path, "video-living", own)
    new = staged(tmp_path, "video-far", ProcessId("another-host", "", 1, 0))
    (new / "file").write_text("at work")
    part = week_old(tmp_path / "ledger" / "videos" / ".hoi-1234.77.part")
    old = week_old(tmp_path / "generation" / "mesh" / f".model.{hex_}.old")
    for kept in ("ledger/videos/a.mp4", "ledger/ledger.db", "generation/mesh/.note.txt"):
        week_old(tmp_path / kept)
    week_old(tmp_path / ".staging" / "locks" / "video.lock")
    (tmp_path / "generation" / f".b.json.{hex_}.tmp").write_text("being written")
    found = leftovers(tmp_path, staging_days=2, parts_days=2)
    assert {leftover.path for leftover in found} == {dead, lost, nobody, part, old}
    for leftover in found:
        leftover.remove()
        leftover.remove()
    assert leftovers(tmp_path, staging_days=2, parts_days=2) == []
    assert (tmp_path / "ledger/videos/a.mp4").exists()


def test_a_killed_process_gives_its_unfinished_artifact_away(tmp_path: Path) -> None:
    """Its folder would be kept for days, or the store would name no process."""
    code = (
        "import os, sys; from pathlib import Path; "
        "from hoi_platform.services.artifacts.store import ArtifactStore; "
        "store = ArtifactStore(Path(sys.argv[1])); "
        "staging = store.staging('dataset_index', None); staging.__enter__(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    with ArtifactStore(tmp_path).staging("dataset_index", None) as mine:
        (leftover,) = leftovers(tmp_path, staging_days=2, parts_days=2)
        assert leftover.path != mine.root
        assert "has ended" in leftover.why


def run_once(instance: dg.DagsterInstance, *, fails: bool = False, cell: str | None = None) -> str:
    """A run that materializes an asset, or fails before; its id."""

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]) if cell else None)
    def thing() -> None:
        if fails:
            raise ValueError

    result = dg.materialize([thing], instance=instance, raise_on_error=False, partition_key=cell)
    return result.run_id


def test_runs_that_the_page_shows_are_kept(instance: dg.DagsterInstance) -> None:
    """A finished cell would look as if it had never been made."""
    superseded, first = run_once(instance, cell="a"), run_once(instance, cell="a")
    other, failed = run_once(instance, cell="b"), run_once(instance, cell="b", fails=True)
    in_a_day = datetime.now(UTC) + timedelta(days=1)
    assert old_runs(instance, datetime.now(UTC) - timedelta(days=1)) == []
    assert set(old_runs(instance, in_a_day)) == {superseded, failed}
    logs = Path(instance.storage_directory()) / superseded
    files = Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"
    assert logs.exists()
    assert (files / f"{superseded}.db").exists()
    for run_id in old_runs(instance, in_a_day):
        delete_run(instance, run_id)
    assert not logs.exists()
    assert not (files / f"{superseded}.db").exists()
    assert {run.run_id for run in instance.get_runs()} == {first, other}
    assert instance.get_materialized_partitions(dg.AssetKey("thing")) == {"a", "b"}


def test_the_job_says_what_it_would_remove_and_removes_it(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Nobody could look before, or see afterwards where something went."""
    left = staged(tmp_path / "results", "video-dead", replace(ProcessId.own(), started_ms=0))
    defs = build_defs(platform=PlatformResource(results_dir=str(tmp_path / "results")))
    job = defs.resolve_job_def("clean_up")
    for dry_run in (True, False):
        config = {"ops": {"remove_what_is_old": {"config": {"dry_run": dry_run}}}}
        result = job.execute_in_process(instance=instance, run_config=config)
        (output,) = [e for e in result.all_node_events if e.is_successful_output]
        metadata = output.step_output_data.metadata
        assert (metadata["files"].value, metadata["dry_run"].value) == (1, dry_run)
        assert "has ended" in str(metadata["listed"].value)
        assert left.exists() == dry_run
    assert "clean_up_weekly" in {schedule.name for schedule in defs.schedules or ()}


def test_the_command_does_the_same(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """Where no daemon runs, nothing would ever be cleaned up."""
    left = staged(tmp_path / "results", "video-dead", replace(ProcessId.own(), started_ms=0))

    def clean(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hoi_platform.cli", "clean", *flags]
        command += ["--results_dir", str(tmp_path / "results")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "add --leftovers" in clean().stderr
    assert "1 files and folders (0.0 MB), 0 runs and the logs of 0 more would be" in (
        clean("--leftovers", "--dry_run").stdout
    )
    assert left.exists()
    assert "more removed" in clean("--leftovers").stdout
    assert not left.exists()
    assert "15" in clean("--leftovers", "--runs-days", "3").stderr
