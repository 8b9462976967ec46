"""Which runs the sensor requests: once per finished task, and again for what was not accepted."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.sensors.video_poll import offer_requests, ready_requests
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.platform import Platform
from hoi_platform_tests.platform.prepared import DRILL, kling_platform, prepare
from hoi_platform_tests.services.video.paid_world import make_frames

CONFIG = VideoConfig(model_api="kling-ai", concurrency=2)
MODEL = CONFIG.kling_model_name
CHAIN = [
    *("video_task", "interaction_video", "human_pose", "scene_tracks", "object_pose"),
    *("contact_labels", "reconstruction", "clip_accuracy", "filtered_hoi", "visualization"),
]
Reserve = Callable[[int], RequestRow]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return kling_platform(tmp_path).platform()


@pytest.fixture
def book(tmp_path: Path, clock: FakeClock) -> Ledger:
    return open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=clock.now)


@pytest.fixture
def reserve(book: Ledger, platform: Platform) -> Reserve:
    """The request for the drill's clip of a seed."""

    def reserve(seed: int) -> RequestRow:
        subject, fingerprint = str(platform.clip(DRILL, seed)), f"{seed:02d}" * 32
        intent = Intent(
            fingerprint,
            "video",
            provider="kling-ai",
            account="a",
            model=MODEL,
            subject=subject,
            estimate_usd=Decimal("0.1"),
        )
        return book.reserve(intent)

    return reserve


def test_a_ready_clip_is_requested_once_and_again_after_hours(
    platform: Platform, book: Ledger, reserve: Reserve, clock: FakeClock, tmp_path: Path
) -> None:
    """Each tick would start a run, a run that died would leave the video at the service, or the
    daemon would order another video because its configuration differs."""
    row = book.observe(reserve(1), RequestState.SUCCEEDED)
    assert list(ready_requests(platform, [row], clock.now())) == [], "another request today"
    order(platform, tmp_path)
    keys = []
    for hours in (0, 1, 6):
        clock.sleep(timedelta(hours=hours).total_seconds())
        keys += [r.run_key for r in ready_requests(platform, [row], clock.now())]
    first = f"video:{row.external_task_id}"
    assert keys == [f"{first}{again}:cordless-drill" for again in ("", "", ":1")]


def test_what_was_not_taken_is_offered_while_slots_are_free(
    platform: Platform, book: Ledger, reserve: Reserve, clock: FakeClock
) -> None:
    """A clip that met a full account would never be made, or be offered at every tick."""

    def offered() -> list[str]:
        requests = offer_requests(platform, book, CONFIG, clock.now())
        return [str(request.partition_key)[-2:] for request in requests]

    other_model = CONFIG.model_copy(update={"kling_model_name": "kling-v3", "concurrency": 9})
    waiting, running = reserve(1), [reserve(2), reserve(3)]
    for row in running:
        assert book.begin_sending(row, slots=2) is not None
        book.advance(row.fingerprint, RequestState.SUBMITTED)
    clock.sleep(timedelta(minutes=11).total_seconds())
    assert offered() == []
    assert not [*offer_requests(platform, book, other_model, clock.now())]
    book.advance(running[0].fingerprint, RequestState.SUCCEEDED)
    assert offered() == ["01"]
    book.advance(waiting.fingerprint, RequestState.RESERVED, reason="all slots are in use")
    assert offered() == []
    clock.sleep(timedelta(days=1).total_seconds())
    assert offered() == []


def test_a_later_segment_is_offered_by_collecting(
    platform: Platform, book: Ledger, reserve: Reserve, clock: FakeClock, tmp_path: Path
) -> None:
    """A segment that met a full account would never be ordered: the clip's task is done."""
    reserve(1)
    clock.sleep(timedelta(minutes=11).total_seconds())
    selections = []
    for done in (False, True):
        if done:
            order(platform, tmp_path)
        (request,) = offer_requests(platform, book, CONFIG, clock.now())
        selections.append([key.to_user_string() for key in request.asset_selection or []])
    assert selections[0] == ["video_task"]
    assert selections[1] == CHAIN


def test_a_ready_clip_is_led_on_to_the_end_of_its_chain(
    platform: Platform, book: Ledger, reserve: Reserve, clock: FakeClock, tmp_path: Path
) -> None:
    """A night's videos would be fetched, and nothing be made of them."""
    row = book.observe(reserve(1), RequestState.SUCCEEDED)
    order(platform, tmp_path)
    (request,) = ready_requests(platform, [row], clock.now())
    assert [key.to_user_string() for key in request.asset_selection or []] == CHAIN


def order(platform: Platform, folder: Path) -> None:
    """Make the first clip's artifacts up to ``video_task``."""
    (clip,) = prepare(kling_platform(folder), make_frames(folder, 1)[0], range(1, 2))
    platform.stages(STAGES).run("video_task", clip, filled, lambda _f, _t: None)


def filled(work: Work) -> None:
    """A stage's body that submits nothing."""
    work.output("task").write_text("{}")
    for above in work.stage.needed(work.context):
        work.input(above, {"object_mesh": "mesh", "scene_render": "frame"}.get(above, "prompt"))


def test_a_clip_that_is_no_longer_there_is_not_requested(
    platform: Platform, book: Ledger, reserve: Reserve, clock: FakeClock
) -> None:
    """The daemon would fail at every tick because an object was removed."""
    row = book.observe(reserve(1), RequestState.SUCCEEDED)
    row.subject = "ComAsset/removed/kid_indoor2-manipulation_rand00001"
    assert list(ready_requests(platform, [row], clock.now())) == []
