"""``hoi ledger resume`` fetches what was bought, whatever the configuration says today."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hoi_platform.cli import app
from hoi_platform.commands.ledger_resume import fetch_left, until_stopped
from hoi_platform.core.clip import FIRST_TASK, parse_clip_path
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.video import VideoResource
from hoi_platform.runner import ChainRunner, Outcome
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.polling import poll_open_tasks
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.services.video.paid_world import make_frames


@pytest.fixture
def results(kling: FakeKling, tmp_path: Path) -> Path:
    """A clip that was ordered with flags that stand in no file, and is finished since."""
    resource = kling_platform(tmp_path, kling_model_name="kling-v2-6", kling_mode="std")
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 2))
    (outcome,) = ChainRunner(resource).run(DRILL, [1], ["video_task"])
    assert outcome.error is None
    for task in kling.book.tasks:
        task.run_s = 0.0
    return tmp_path


def resume(results: Path, *options: str) -> Result:
    words = ["ledger", "resume", "--results_dir", str(results), *options]
    return CliRunner().invoke(app, words)


def states(results: Path) -> list[str]:
    return [row.state for row in open_ledger(f"sqlite:///{results}/ledger/ledger.db").rows()]


@pytest.mark.parametrize("option", ["--wait", "--no-wait"])
def test_a_finished_video_is_fetched(option: str, kling: FakeKling, results: Path) -> None:
    """Today's backend or model would be used: a simulated clip, or a second purchase."""
    result = resume(results, option)
    assert result.exit_code == 0, result.output
    assert "1 open, 1 ready, 1 clips to continue with" in result.output
    assert states(results) == [RequestState.DELIVERED]
    assert orders(kling) == 1
    store, clip = ArtifactStore(results), kling_platform(results).platform().clip(DRILL, 1)
    record = store.record("interaction_video", clip)
    assert record is not None
    assert record.backend == "kling-ai kling-v2-6"
    assert resume(results).output.startswith("0 open, 0 ready, 0 clips")


def test_what_would_be_another_purchase_is_told_and_left_alone(
    kling: FakeKling, results: Path
) -> None:
    """Resuming with another configuration would buy the clip once more."""
    generation = results / "generation" / "records" / "video_task"
    shutil.rmtree(generation)  # nothing but the ledger knows that kling_mode was std
    result = resume(results)
    assert result.exit_code == 1
    assert "nothing new is bought here" in result.output
    assert "fetched row 1" in result.output
    assert orders(kling) == 1
    assert states(results) == [RequestState.SUCCEEDED]


def test_the_video_of_a_clip_of_another_character_is_fetched(
    kling: FakeKling, results: Path
) -> None:
    """A paid video would stay at the service, which deletes it after a while."""
    result = resume(results, "--character", "g1_proportioned")
    assert result.exit_code == 0, result.output
    assert "no such clip today: ComAsset/cordless_drill/kid_" in result.output
    assert len(list((results / "ledger" / "videos").glob("*.mp4"))) == 1
    assert orders(kling) == 1


class PatientVideo(VideoResource):
    """Waits no time at all."""

    def sleeper(self) -> Callable[[float], None]:
        return lambda _seconds: None


def test_something_ready_that_cannot_be_fetched_is_a_problem(
    kling: FakeKling, results: Path
) -> None:
    """A script would end happily while the service deletes a paid video."""
    platform = kling_platform(results, kling_model_name="kling-v2-6", kling_mode="std")
    kling.plan.always = frozenset({"error"})
    ledger = LedgerResource(platform=platform)
    video = PatientVideo(blender=BlenderResource(), ledger=ledger, buys=False)
    config = platform.platform().settings("manipulation").gen_2dhoi.video
    book = open_ledger(f"sqlite:///{results}/ledger/ledger.db")
    poll_open_tasks(book, lambda row: video.of_row(row, config))
    (problem,) = fetch_left(book, video, config)
    assert "row 1 is ready and was not fetched" in problem
    row = book.get("1")
    assert (row.state, row.fetches) == (RequestState.SUCCEEDED, 1)
    assert "kling-ai keeps it for 30 days" in row.reason
    later = poll_open_tasks(book, lambda row: video.of_row(row, config))
    assert (later.ready, [r.id for r in later.later]) == ([], [1]), "the daemon waits"
    kling.plan.always = frozenset()
    assert fetch_left(book, video, config) == []
    assert fetch_left(book, video, config) == [], "fetched once"
    done = poll_open_tasks(book, lambda row: video.of_row(row, config))
    assert (done.ready, done.later, [r.id for r in done.fetched]) == ([], [], [1])
    assert kling.book.tasks[0].downloads == 5 + 1


def test_an_outage_is_told_and_fails_the_command(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script would take an unreachable service for a finished batch."""
    monkeypatch.setenv("KLING_BASE_URL", "http://127.0.0.1:9")
    result = resume(results, "--no-wait")
    assert result.exit_code == 1
    assert "not read: kling-ai" in result.output


def test_nothing_more_is_tried_after_an_account_was_refused() -> None:
    """Every clip of a batch would be sent to an account that is empty."""
    path = "ComAsset/cordless_drill/kid_indoor2-manipulation_rand00001"
    clip = parse_clip_path(path, lambda *_: FIRST_TASK)
    tried: list[int] = []

    def runs() -> Iterator[list[Outcome]]:
        for number, stops in enumerate((False, True, False)):
            tried.append(number)
            error = "no balance" if stops else None
            yield [Outcome("video_task", clip, None, not stops, error, stops)]

    assert [outcome.stops_batch for outcome in until_stopped(runs())] == [False, True]
    assert tried == [0, 1]
