"""A bought video that is not the ordered one ends its chain with a verdict; a person may accept."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.cli import app
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.store import ArtifactStore, State
from hoi_platform.services.clips import video_rejection
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.services.ledger.test_ledger import INTENT
from hoi_platform_tests.services.video.paid_world import make_frames

BELOW = flow_order()[flow_order().index("interaction_video") + 1 :]


@pytest.fixture
def resource(kling: FakeKling, tmp_path: Path) -> PlatformResource:
    """A clip whose delivered video shows another scene."""
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    runner = ChainRunner(resource)
    assert [o.error for o in runner.run(DRILL, [1], ["video_task"])] == [None]
    for task in kling.book.tasks:
        task.run_s, task.fault = 0.0, "wrong_video"
    # The file is in place, as after a fetch, so that no test waits for five downloads.
    assert hoi(tmp_path, "ledger", "fetch", "1") == 0
    return resource


def hoi(results: Path, *words: str) -> int:
    """A command as a process of its own; its exit status."""
    command = [sys.executable, "-m", "hoi_platform.cli", *words, "--results_dir", str(results)]
    return subprocess.run(command, check=False, timeout=120).returncode


def states(results: Path) -> list[str]:
    return [row.state for row in open_ledger(f"sqlite:///{results}/ledger/ledger.db").rows()]


def test_the_chain_ends_with_a_verdict_and_goes_on_when_accepted(
    resource: PlatformResource, kling: FakeKling, tmp_path: Path
) -> None:
    """A rejected video would be reconstructed, fail the batch, or be bought again."""
    store, clip = ArtifactStore(tmp_path), resource.platform().clip(DRILL, 1)
    runner = ChainRunner(resource)
    outcomes = runner.run(DRILL, [1], ["interaction_video", *BELOW])
    assert [o.error for o in outcomes if o.error] == []
    assert [o.asset for o in outcomes if o.made] == ["interaction_video"]
    assert states(tmp_path) == [RequestState.REJECTED]
    assert "first_frame" in video_rejection(store, clip)
    assert [o.error for o in runner.run_index() if o.error] == []
    summary = json.loads(store.path("dataset_index", "summary", None).read_text())
    assert (summary["judged"], summary["valid"], summary["rejected_videos"]) == (1, 0, 1)
    (row,) = pq.read_table(store.path("dataset_index", "manifest", None)).to_pylist()
    assert (row["state"], row["valid"]) == ("rejected", False)
    assert row["reasons"][0].startswith("video: ")
    shown = CliRunner().invoke(app, ["clips", "--results_dir", str(tmp_path)]).output
    assert "rejected" in shown
    assert "video: " in shown

    assert hoi(tmp_path, "ledger", "recheck", "1") == 1
    assert states(tmp_path) == [RequestState.REJECTED]
    assert hoi(tmp_path, "ledger", "accept", "1") == 0
    stages = resource.platform().stages(STAGES)
    assert stages.status("interaction_video", clip).state == State.STALE
    (outcome,) = runner.run(DRILL, [1], ["interaction_video"])
    assert (outcome.made, outcome.error) == (True, None)
    assert video_rejection(store, clip) == ""
    assert states(tmp_path) == [RequestState.DELIVERED]
    assert orders(kling) == 1


def test_the_page_shows_failed_checks_and_no_failed_step(
    resource: PlatformResource, tmp_path: Path
) -> None:
    """A verdict would look like a crash, or like a clip that was never judged."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_object_keys(instance, ["cordless-drill"])
        made, below = (_run(resource, instance, a) for a in ("interaction_video", "filtered_hoi"))
    (check,) = made.get_asset_check_evaluations()
    assert (check.asset_key.to_user_string(), check.passed) == ("interaction_video", False)
    assert below.success
    assert below.get_asset_materialization_events() == []
    (check,) = below.get_asset_check_evaluations()
    assert "rejected: video" in (check.description or "")


def _run(
    resource: PlatformResource, instance: dg.DagsterInstance, asset: str
) -> dg.ExecuteInProcessResult:
    job = build_defs(platform=resource).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        asset_selection=[dg.AssetKey(asset)],
        partition_key=cell_key("cordless-drill", 1),
        instance=instance,
    )


def test_paid_videos_without_their_ledger_stop_buying(
    resource: PlatformResource, tmp_path: Path
) -> None:
    """A lost ledger would buy every video of the folder again."""
    config = resource.platform().settings("manipulation").gen_2dhoi.video
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (tmp_path / "ledger" / name).unlink(missing_ok=True)
    ledger = LedgerResource(platform=resource).ledger(config.budget)
    with pytest.raises(MissingResourceError, match="Restore the ledger from a backup"):
        ledger.reserve(INTENT)
    assert ledger.rows() == []
