"""``hoi callbacks`` as a person starts it: a callback of the service brings the ledger's row on."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hoi_platform.runner import ChainRunner
from hoi_platform.services.fake_apis.kling import CALLBACK_SECRET, FakeKling
from hoi_platform.services.fake_apis.server import free_port
from hoi_platform.services.fake_apis.serving import post_callback
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import served_kling
from hoi_platform_tests.services.video.paid_world import make_frames


@contextmanager
def listening(results: Path) -> Iterator[str]:
    """The running command; gives the address to call back."""
    port = free_port()
    command = [sys.executable, "-m", "hoi_platform.cli", "callbacks", "--port", str(port)]
    command += ["--results_dir", str(results)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        assert any("running on" in line for line in process.stderr), "it ended at once"
        yield f"http://127.0.0.1:{port}/kling"
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stderr.close()


@pytest.fixture
def kling() -> Iterator[FakeKling]:
    with served_kling(notify=post_callback) as kling:
        yield kling


def test_a_callback_brings_the_row_on(
    kling: FakeKling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint would run and change nothing."""
    monkeypatch.setenv("KLING_WEBHOOK_SECRET", CALLBACK_SECRET)
    resource = kling_platform(tmp_path)
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    with listening(tmp_path) as address:
        monkeypatch.setenv("KLING_CALLBACK_URL", address)
        (outcome,) = ChainRunner(resource).run(DRILL, [1], ["video_task"])
        assert outcome.error is None
        (task,) = kling.book.tasks
        assert task.order.callback_url == address
        task.run_s = 0.0
        kling.callback(task)
        kling.callback(replace(task, order=replace(task.order, external_id="hoi-not-ours")))
    (row,) = open_ledger(f"sqlite:///{tmp_path}/ledger/ledger.db").rows()
    assert row.state == RequestState.SUCCEEDED
