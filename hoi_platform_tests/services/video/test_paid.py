"""The paid backend in the cases that a person meets: refusals, doubts, second orders, resizing."""

import contextlib
import logging
import threading
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from hoi_platform.core.errors import BudgetError, RefusedError, TransientError, UnsettledError
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.videos import still_video
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Budget
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import probe_video
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.paid import PaidVideoBackend
from hoi_platform_tests.services.video.paid_world import (
    RETRY,
    World,
    make_frames,
    make_request,
    quiet,
)


def creations(world: World) -> int:
    """How often the stand-in was asked to make a video."""
    return sum(call.method == "POST" for call in world.kling.calls)


def test_a_refusal_is_sent_once_and_costs_nothing(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A policy refusal would be repeated by every retry of every run."""
    world.kling.on_prompt["object"] = "safety"
    for _ in range(3):
        with pytest.raises(RefusedError, match=r"1301.*change the prompt or the frame"):
            world.process(ledger, tmp_path).submit(request_)
    assert creations(world) == 1
    assert ledger.spent_usd() == 0


def test_a_person_may_have_a_refused_request_sent_again(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """After topping the account up, nothing could be bought any more."""
    world.kling.on_prompt["object"] = "arrears"
    with pytest.raises(RefusedError, match="settle the open bill"):
        world.process(ledger, tmp_path).submit(request_)
    world.kling.on_prompt.clear()
    ledger.reserve_anew("1")
    assert world.process(ledger, tmp_path).submit(request_).state == "submitted"


def test_a_failed_task_is_ordered_again_only_by_hand(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A task that always fails would be bought without end, or never again."""
    backend = world.process(ledger, tmp_path)
    task = backend.submit(request_)
    world.kling.book.tasks[0].fault = "failed"
    for _ in range(2):
        with pytest.raises(RefusedError, match="generation failed"):
            backend.collect(task, request_, tmp_path / "out.mp4", quiet)
    assert creations(world) == 1
    ledger.reserve_again("1")
    backend.collect(task, request_, tmp_path / "out.mp4", quiet)
    assert creations(world) == 2
    assert (tmp_path / "out.mp4").exists()


def test_the_budget_stops_a_request_before_it_is_sent(
    world: World, tmp_path: Path, request_: VideoRequest
) -> None:
    """The refusal would come with the invoice."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/b.db", Budget(Decimal("0.34")), world.clock.now)
    with pytest.raises(BudgetError, match=r"0\.35 USD was not sent"):
        world.process(ledger, tmp_path).submit(request_)
    assert world.kling.calls == []


def test_a_doubt_is_not_settled_by_asking_another_account(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """Whoever changes keys would buy what the first account may have bought already."""
    row = ledger.begin_sending(
        ledger.reserve(world.process(ledger, tmp_path).intent(request_)), slots=1
    )
    assert row is not None
    ledger.advance(row.fingerprint, RequestState.DOUBTFUL, account="kling-ai:of-yesterday")
    with pytest.raises(UnsettledError, match=r"of-yesterday.*hoi ledger settle 1"):
        world.process(ledger, tmp_path).submit(request_)
    assert world.kling.calls == []


def test_what_was_never_taken_goes_to_the_account_of_today(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The slots of the wrong account would be counted."""
    backend = world.process(ledger, tmp_path)
    row = ledger.reserve(backend.intent(request_))
    ledger.advance(row.fingerprint, RequestState.RESERVED, account="kling-ai:of-yesterday")
    backend.submit(request_)
    assert ledger.get("1").account == backend.provider.account


def test_a_slow_task_stays_in_the_ledger(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A paid video that takes an hour would be abandoned and bought again."""
    backend = world.process(ledger, tmp_path)
    task = backend.submit(request_)
    world.kling.book.tasks[0].run_s = 3600
    with pytest.raises(TransientError, match="hoi ledger resume"):
        backend.collect(task, request_, tmp_path / "out.mp4", quiet)
    assert ledger.get("1").state == RequestState.PROCESSING
    world.clock.sleep(3600)
    world.process(ledger, tmp_path).collect(task, request_, tmp_path / "out.mp4", quiet)
    assert creations(world) == 1


def test_waiting_shows_its_progress(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The bar of the command line would stand still for minutes without a word."""
    reported: list[tuple[float, str]] = []
    backend = world.process(ledger, tmp_path)
    task = backend.submit(request_)
    world.kling.book.tasks[0].run_s = 100.0
    backend.collect(
        task, request_, tmp_path / "o.mp4", lambda done, text: reported.append((done, text))
    )
    queued, made = (
        "submitted, waits for the service, which has it in its queue",
        "processing, waits for the service, which makes it",
    )
    assert [text for _, text in reported] == [f"kling-ai: {text}" for text in (queued, *[made] * 3)]
    assert [done for done, _ in reported] == sorted({done for done, _ in reported})


def test_full_slots_are_waited_for(world: World, ledger: Ledger, tmp_path: Path) -> None:
    """The second clip of an account with one slot would never be sent."""
    backend = world.process(ledger, tmp_path)
    one_slot = PaidVideoBackend(
        backend.provider,
        ledger,
        Delivery(tmp_path, world.clock.sleep),
        world.clock.sleep,
        replace(RETRY, slots=1, submit=replace(RETRY.submit, attempts=20)),
    )
    first, second = (
        make_request(frame, world.config(), frame.stem) for frame in make_frames(tmp_path, 2)
    )
    one_slot.submit(first)
    one_slot.submit(second)
    assert world.kling.book.tasks[0].state(world.clock.now()) == "succeeded"


class StandingClock(FakeClock):
    """Sleeping lets other threads run and takes no time: no lease ends while a sender works."""

    def sleep(self, seconds: float) -> None:
        time.sleep(0.005)


def test_four_workers_on_one_clip_buy_one_video(
    ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """Several runs of the same partition would each order it, or some would never see it."""
    world = World.of(FaultPlan(), clock=StandingClock())
    tasks: list[str | None] = []

    def work() -> None:
        while True:
            with contextlib.suppress(TransientError):
                tasks.append(world.process(ledger, tmp_path).submit(request_).task_id)
                return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert tasks == [world.kling.book.tasks[0].task_id] * 4
    assert len(world.kling.book.tasks) == 1


def test_a_delivered_video_gets_the_size_of_its_frame(tmp_path: Path, ledger: Ledger) -> None:
    """1080p videos would not fit camera and masks, which are the frame's."""
    world = World.of(FaultPlan(), make_video=still_video(width=64, fps=2))
    request = make_request(make_frames(tmp_path, 1)[0], world.config())
    backend = world.process(ledger, tmp_path)
    backend.collect(backend.submit(request), request, tmp_path / "out.mp4", quiet)
    facts = probe_video(tmp_path / "out.mp4")
    assert (facts.width, facts.height, facts.frames, facts.fps) == (320, 320, 10, 2)


def test_a_lost_file_is_fetched_again_without_buying(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A cleaned results folder would cost every video once more."""
    backend = world.process(ledger, tmp_path / "videos")
    task = backend.submit(request_)
    backend.collect(task, request_, tmp_path / "out.mp4", quiet)
    Path(ledger.get("1").result or "").unlink()
    backend.collect(task, request_, tmp_path / "out.mp4", quiet)
    assert creations(world) == 1


def test_no_key_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A key would lie in a log, an exception, a repr, the ledger or beside an artifact."""
    caplog.set_level(logging.DEBUG)
    marks = ("fake-secret-key", "fake-access-key", "fake-api-key", "signature=")
    seen: list[str] = []
    for seed in range(12):
        plan = FaultPlan(Rates(call=0.3, permanent=0.05, file=0.3, clock_skew_s=3600), seed)
        world = World.of(plan, ("legacy", "new")[seed % 2])
        ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=world.clock.now)
        request = make_request(make_frames(tmp_path, 1)[0], world.config(), f"clip{seed}")
        backend = world.process(ledger, tmp_path / "videos")
        seen += [repr(backend.provider), repr(vars(backend.provider))]
        try:
            backend.collect(backend.submit(request), request, tmp_path / "out.mp4", quiet)
        except (RefusedError, TransientError) as error:
            cause: BaseException | None = error
            while cause is not None:
                seen += [str(cause), repr(cause)]
                cause = cause.__cause__ or cause.__context__
        seen += [str(vars(row)) for row in ledger.rows()]
    seen += [record.getMessage() for record in caplog.records]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for mark in marks:
        assert [text for text in seen if mark in text] == []
        assert [path for path in files if mark.encode() in path.read_bytes()] == []
