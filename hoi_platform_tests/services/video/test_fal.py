"""The paid backend over fal, which cannot be asked for an id of ours."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from hoi_platform.core.errors import RefusedError, TransientError, UnsettledError
from hoi_platform.services.fake_apis.fal import FAILURES, FAL_KEY
from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.codec import probe_video
from hoi_platform.services.video.fal import START_TIMEOUT_S, FalKling
from hoi_platform.services.video.orders import Orders
from hoi_platform.services.video.remote import TaskRef
from hoi_platform.services.video.retry import SLOT_HOLD
from hoi_platform_tests.services.video.paid_world import (
    RETRY,
    World,
    make_frames,
    make_request,
    quiet,
)


@pytest.fixture
def world() -> World:
    return World.of(FaultPlan(), "fal")


def test_fal_from_order_to_video(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The second backend of the seeds would not run."""
    backend = world.process(ledger, tmp_path)
    facts = backend.collect(backend.submit(request_), request_, tmp_path / "o.mp4", quiet).facts
    assert facts["provider"] == "fal-ai"
    assert probe_video(tmp_path / "o.mp4").frames == 5
    assert FAL_KEY not in repr(backend.provider)
    asked = {call.path for call in world.fal.calls if call.method == "GET"}
    task_id = world.fal.book.tasks[0].task_id
    address = f"/fal-ai/kling-video/requests/eu-1/{task_id}"  # of fal's choice
    assert asked == {address, f"{address}/status"}
    assert world.fal.calls[0].headers["x-fal-request-timeout"] == str(START_TIMEOUT_S)


def test_a_lost_answer_of_fal_waits_for_a_person(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """fal cannot be asked for our id: sending again would buy the video twice."""
    plan, fal, backend = world.plan, world.fal, world.process(ledger, tmp_path)
    plan.always = frozenset({"dropped_after"})
    for _ in range(3):
        with pytest.raises(UnsettledError, match=r"hoi ledger settle 1 --task-id"):
            backend.submit(request_)
    assert len(fal.book.tasks) == 1
    task_id = fal.book.tasks[0].task_id
    plan.always = frozenset()
    ledger.advance("1", RequestState.SUBMITTED, task_id=task_id)
    backend.collect(backend.submit(request_), request_, tmp_path / "o.mp4", quiet)
    assert len(fal.book.tasks) == 1


@pytest.mark.parametrize("fault", ["safety", "arrears", "auth_failed"])
def test_permanent_answers_of_fal(
    fault: str, world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """An empty balance would be tried again and again."""
    world.plan.always = frozenset({fault})
    fal, backend = world.fal, world.process(ledger, tmp_path)
    for _ in range(2):
        with pytest.raises(RefusedError, match="fal 4"):
            backend.submit(request_)
    assert sum(call.method == "POST" for call in fal.calls) == 1


@pytest.mark.parametrize("number", range(len(FAILURES)))
def test_a_models_failure_ends_the_row_with_its_error(
    number: int, world: World, ledger: Ledger, tmp_path: Path
) -> None:
    """A failed video (400 to 504 in place of the result) would be waited for, forever."""
    backend = world.process(ledger, tmp_path)
    for index, frame in enumerate(make_frames(tmp_path, number + 1)):
        request = make_request(frame, world.config(), f"clip{index}")
        task = backend.submit(request)
    world.fal.book.tasks[number].fault = "failed"
    status, body = FAILURES[number]
    said = body["detail"] if isinstance(body["detail"], str) else body["detail"][0]["msg"]
    with pytest.raises(RefusedError, match=f"failed to make the video.*fal {status}.*{said}"):
        backend.collect(task, request, tmp_path / "o.mp4", quiet)
    assert ledger.get(request.fingerprint).state == RequestState.FAILED


def test_a_moments_503_is_not_a_failed_video(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A hiccup of fal's gateway would throw a paid video away."""
    backend = world.process(ledger, tmp_path)
    task = backend.submit(request_)
    world.clock.sleep(90)
    book_task = world.fal.book.tasks[0]
    book_task.fault = "failed"
    world.fal.book.tasks[:0] = [replace(book_task, task_id=f"other{n}") for n in range(3)]  # 503
    for _ in range(4):
        (row,) = backend.refresh([ledger.get("1")])
        assert row.state == RequestState.PROCESSING
        assert "fal 503 runner_disconnected" in row.reason
    book_task.fault = None
    backend.collect(task, request_, tmp_path / "o.mp4", quiet)
    assert ledger.get("1").state == RequestState.DELIVERED


def test_an_expired_result_says_so(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A result that is gone after an hour would stand as "still submitted"."""
    backend = world.process(ledger, tmp_path)
    task = backend.submit(request_)
    world.clock.sleep(2e9)
    with pytest.raises(TransientError, match=r"still submitted.*fal 404.*Result expired"):
        backend.collect(task, request_, tmp_path / "o.mp4", quiet)
    assert "Result expired" in ledger.get("1").reason


def test_the_key_goes_to_the_configured_host_alone(request_: VideoRequest) -> None:
    """Whoever forges an answer would be sent the key."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        elsewhere = ("https://evil.example/x", "https://queue.fal.run:444/x", "https://a@q/x")
        given = dict(zip(("status_url", "response_url", "cancel_url"), elsewhere, strict=True))
        return httpx.Response(202, json={"request_id": "1/../x", "status": "IN_QUEUE", **given})

    network = httpx.MockTransport(answer)
    fal = FalKling("https://queue.fal.run", FAL_KEY, "fal:1", network)
    task = fal.create(request_, "hoi-1")
    fal.find(TaskRef("hoi-1", task.task_id, "m", task.answer))
    assert asked[1] == "https://queue.fal.run/fal-ai/kling-video/requests/1%2F..%2Fx/status"


def test_a_doubt_does_not_hold_a_slot_for_ever(
    world: World, ledger: Ledger, tmp_path: Path
) -> None:
    """One lost answer would block an account with one slot until a person looks."""
    first, second = (
        make_request(frame, world.config(), frame.stem) for frame in make_frames(tmp_path, 2)
    )
    backend = world.process(ledger, tmp_path)
    orders = Orders(backend.provider, ledger, world.clock.sleep, replace(RETRY, slots=1))
    for request in (first, second):
        ledger.reserve(backend.intent(request))
    world.plan.always = frozenset({"dropped_after"})
    assert orders.step(first, first.fingerprint).state == RequestState.DOUBTFUL
    world.plan.always = frozenset()
    assert orders.step(second, second.fingerprint).state == RequestState.RESERVED
    assert SLOT_HOLD.total_seconds() > START_TIMEOUT_S
    world.clock.sleep(SLOT_HOLD.total_seconds() + 1)
    assert orders.step(second, second.fingerprint).state == RequestState.SUBMITTED
    assert ledger.get(first.fingerprint).state == RequestState.DOUBTFUL


@pytest.mark.parametrize("fault", ["proxy_forbids", "redirect", "bare_429", "gateway_timeout"])
def test_a_proxys_answer_is_a_doubt_at_fal(
    fault: str, world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A row would say that nothing was bought, on the word of a proxy."""
    world.plan.always = frozenset({fault})
    with pytest.raises(UnsettledError):
        world.process(ledger, tmp_path).submit(request_)
    assert ledger.get("1").state == RequestState.DOUBTFUL
    assert len([call for call in world.fal.calls if call.method == "POST"]) <= 1
