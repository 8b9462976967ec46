"""One row at a time: refusals that are proved, doubts that are looked up, polls that one odd task
does not spoil, accounts that stop and go on."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy.exc import OperationalError

from hoi_platform.core.errors import AccountError, RefusedError, TransientError
from hoi_platform.services.accounts import reopen_account
from hoi_platform.services.fake_apis.faults import ODD_READINGS, FaultPlan, Rates
from hoi_platform.services.fake_apis.transport import InProcess
from hoi_platform.services.ledger.database import make_engine, open_ledger
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.orders import Orders
from hoi_platform.services.video.polling import poll_open_tasks, refresh_named
from hoi_platform.services.video.remote import NotAcceptedError, RemoteTask
from hoi_platform.services.video.retry import LOOKUP, SLOT_HOLD
from hoi_platform_tests.services.video.paid_world import (
    RETRY,
    World,
    make_frames,
    make_request,
    quiet,
)

S = RequestState
GENERATIONS = ("legacy", "new", "fal")


def creations(world: World) -> int:
    """How often a service was asked to make a video."""
    return sum(call.method == "POST" for call in [*world.kling.calls, *world.fal.calls])


def submitted(world: World, ledger: Ledger, folder: Path, count: int) -> list[VideoRequest]:
    """Requests whose tasks run."""
    requests = [
        make_request(frame, world.config(), frame.stem) for frame in make_frames(folder, count)
    ]
    for request in requests:
        world.process(ledger, folder).submit(request)
    return requests


@pytest.mark.parametrize("generation", ["legacy", "new"])
@pytest.mark.parametrize("rejects", [True, False])
def test_a_restored_ledger_adopts_what_it_had_bought(
    rejects: bool, generation: str, tmp_path: Path
) -> None:
    """From an older backup every clip would be refused as existing already, or lost."""
    world = World.of(FaultPlan(Rates(rejects_duplicates=rejects)), generation)
    request = make_request(make_frames(tmp_path, 1)[0], world.config())
    first = open_ledger(f"sqlite:///{tmp_path}/lost.db", clock=world.clock.now)
    task = world.process(first, tmp_path).submit(request)
    restored = open_ledger(f"sqlite:///{tmp_path}/backup.db", clock=world.clock.now)
    again = world.process(restored, tmp_path).submit(request)
    if rejects:
        assert again.task_id == task.task_id
        assert len(world.kling.book.tasks) == 1
    assert restored.get("1").state == S.SUBMITTED


@pytest.mark.parametrize("generation", ["legacy", "new"])
def test_a_task_that_shows_minutes_after_a_504_is_found(generation: str, tmp_path: Path) -> None:
    """It would be bought again, or the row called refused while the video is being made."""
    plan = FaultPlan(Rates(rejects_duplicates=False), always=frozenset({"gateway_timeout"}))
    world = World.of(plan, generation)
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=world.clock.now)
    request = make_request(make_frames(tmp_path, 1)[0], world.config())
    backend = world.process(ledger, tmp_path)
    orders = Orders(backend.provider, ledger, world.clock.sleep, RETRY)
    ledger.reserve(backend.intent(request))
    assert orders.step(request, request.fingerprint).state == S.DOUBTFUL
    plan.always = frozenset()
    task = world.kling.book.tasks[0]
    task.visible = world.clock.now() + timedelta(seconds=150)
    assert orders.step(request, request.fingerprint).task_id == task.task_id
    assert len(world.kling.book.tasks) == 1


def test_look_ups_go_on_for_minutes() -> None:
    """A task that can be found late would be mistaken for one that was never made."""
    waits = [LOOKUP.wait_s(attempt, random.Random(0)) for attempt in range(1, LOOKUP.attempts)]
    assert len(waits) >= 4
    assert sum(waits) >= 240


@pytest.mark.parametrize("fault", ["proxy_forbids", "redirect"])
def test_a_proxys_word_is_looked_up_before_it_is_called_a_refusal(
    fault: str, world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """An error page in front of the service would end the clip although the video was bought."""
    backend = world.process(ledger, tmp_path)
    bought = world.provider(InProcess(world.gateway())).create(
        request_, backend.intent(request_).external_task_id
    )
    world.plan.always = frozenset({fault})

    def heal(seconds: float) -> None:
        world.plan.always = frozenset()  # GETs pass again while the look-ups wait
        world.clock.sleep(seconds)

    row = ledger.reserve(backend.intent(request_))
    orders = Orders(backend.provider, ledger, heal, RETRY)
    assert orders.step(request_, row.fingerprint).state == S.DOUBTFUL  # could not be asked
    world.plan.always = frozenset()
    assert orders.step(request_, row.fingerprint).task_id == bought.task_id


@dataclass
class Scripted:
    """A provider whose create fails as requested, and which knows no task."""

    failure: BaseException
    waits: list[float] = field(default_factory=list)
    name: str = "kling-ai"
    account: str = "kling-ai:1"
    knows_our_ids: bool = True
    finds: int = 0

    def create(self, _request: VideoRequest, _external_id: str) -> RemoteTask:
        raise self.failure

    def find(self, _ref: object) -> None:
        self.finds += 1

    def query(self, _refs: object) -> Iterator[RemoteTask]:
        return iter(())

    def model(self, _request: VideoRequest) -> str:
        return "m"

    def estimate_usd(self, _request: VideoRequest) -> Decimal:
        return Decimal("0.35")


def scripted(
    failure: BaseException, ledger: Ledger, request: VideoRequest, sleep: Callable[[float], None]
) -> tuple[Scripted, Orders]:
    """Orders over a scripted provider, with the request reserved."""
    provider = Scripted(failure)
    orders = Orders(provider, ledger, sleep, RETRY)  # type: ignore[arg-type]
    intent = Intent(
        *(request.fingerprint, "video", provider.name, provider.account, "m", "clip"),
        Decimal("0.35"),
    )
    ledger.reserve(intent)
    return provider, orders


@pytest.mark.parametrize(
    "failure",
    [ValueError("odd"), RecursionError(), OSError(28, "No space left"), KeyboardInterrupt()],
)
def test_no_row_stays_sending_without_a_reason(
    failure: BaseException, world: World, ledger: Ledger, request_: VideoRequest
) -> None:
    """An unforeseen exception would leave the row to its lease, with nothing said."""
    _, orders = scripted(failure, ledger, request_, world.clock.sleep)
    with pytest.raises(type(failure)):
        orders.step(request_, request_.fingerprint)
    row = ledger.get("1")
    assert row.state == S.DOUBTFUL
    assert type(failure).__name__ in row.reason


@pytest.mark.parametrize(("asked", "waited"), [(None, 0.0), (7.0, 7.0), (1e6, 120.0)])
def test_retry_after_is_honored_within_bounds(
    asked: float | None, waited: float, ledger: Ledger, request_: VideoRequest
) -> None:
    """A service under load would be asked again at once, or a worker held for days."""
    waits: list[float] = []
    _, orders = scripted(NotAcceptedError("slow", asked), ledger, request_, waits.append)
    assert orders.step(request_, request_.fingerprint).state == S.RESERVED
    assert sum(waits) == waited


def test_a_proved_refusal_is_final_at_once(ledger: Ledger, request_: VideoRequest) -> None:
    """Each refused prompt would hold a worker for minutes of look-ups."""
    waits: list[float] = []
    provider, orders = scripted(RefusedError("policy"), ledger, request_, waits.append)
    assert orders.step(request_, request_.fingerprint).state == S.REFUSED
    assert (waits, provider.finds) == ([], 0)


def test_the_id_of_a_bought_task_is_not_lost_with_the_disk(
    world: World,
    ledger: Ledger,
    request_: VideoRequest,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A disk that is full at the moment of the answer would lose the id of a paid task."""
    assert ledger.rows() == []

    class FullDisk(Ledger):
        def observe(self, row: object, state: object, **changes: object) -> NoReturn:
            raise OperationalError("INSERT", {}, OSError("database or disk is full"))

    full = FullDisk(make_engine(f"sqlite:///{tmp_path}/ledger.db"), clock=world.clock.now)
    with pytest.raises(TransientError, match=r"860000000000000000.*hoi ledger settle 1 --task-id"):
        world.process(full, tmp_path).submit(request_)
    assert "860000000000000000" in capfd.readouterr().err


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("fault", ODD_READINGS)
def test_one_odd_task_concerns_its_row_alone(fault: str, generation: str, tmp_path: Path) -> None:
    """The polling of a whole account would stop, and its error surface as another clip's."""
    world = World.of(FaultPlan(), generation, slots=50)
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=world.clock.now)
    requests = submitted(world, ledger, tmp_path, 6)
    book = world.fal.book if generation == "fal" else world.kling.book
    book.tasks[2].fault = fault
    book.tasks[2].odd_until = world.clock.now() + timedelta(days=9)
    world.clock.sleep(90)
    poll = poll_open_tasks(ledger, lambda _row: world.process(ledger, tmp_path))
    assert [row.subject for row in poll.ready] == [
        request.clip for number, request in enumerate(requests) if number != 2
    ]
    (error,) = poll.unread
    odd = ledger.get(requests[2].fingerprint)
    name = world.process(ledger, tmp_path).name
    assert error.startswith(f"{name}: {requests[2].clip} (ledger row {odd.id}): ")
    assert odd.state == S.SUBMITTED
    assert odd.reason
    assert odd.reason in error
    backend = world.process(ledger, tmp_path)
    with pytest.raises(TransientError) as waited:
        backend.collect(backend.submit(requests[2]), requests[2], tmp_path / "o.mp4", quiet)
    assert odd.reason in str(waited.value)


def test_an_odd_task_gives_its_slot_back_and_says_so(tmp_path: Path) -> None:
    """A task that can never be read would block the account forever."""
    world = World.of(FaultPlan(), slots=50)
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=world.clock.now)
    first, second = (
        make_request(frame, world.config(), frame.stem) for frame in make_frames(tmp_path, 2)
    )
    backend = world.process(ledger, tmp_path)
    orders = Orders(backend.provider, ledger, world.clock.sleep, replace(RETRY, slots=1))
    for request in (first, second):
        ledger.reserve(backend.intent(request))
    orders.step(first, first.fingerprint)
    world.kling.book.tasks[0].fault = "forbidden"
    world.kling.book.tasks[0].odd_until = world.clock.now() + timedelta(days=9)
    assert orders.step(second, second.fingerprint).state == S.RESERVED
    world.clock.sleep(SLOT_HOLD.total_seconds() + 1)
    orders.refresh([ledger.get(first.fingerprint)])
    assert "no longer holds a slot" in ledger.get(first.fingerprint).reason
    assert orders.step(second, second.fingerprint).state == S.SUBMITTED


def test_an_unknown_status_is_adopted_with_its_id(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """The id of a task whose first status is new to us would be thrown away."""
    backend = world.process(ledger, tmp_path)
    world.plan.always = frozenset({"odd_status"})
    backend.submit(request_)
    row = ledger.get("1")
    assert (row.state, row.task_id) == (S.SUBMITTED, world.kling.book.tasks[0].task_id)
    assert "unknown task status 'paused'" in row.reason


def test_a_missing_task_says_so(
    world: World, ledger: Ledger, request_: VideoRequest, tmp_path: Path
) -> None:
    """A task that the service has deleted would be "still submitted" forever."""
    backend = world.process(ledger, tmp_path)
    backend.submit(request_)
    world.kling.book.tasks.clear()
    with pytest.raises(TransientError, match="says that it has no such task"):
        refresh_named(ledger, lambda _row: backend, ledger.get("1").external_task_id)
    assert "no such task" in ledger.get("1").reason


@pytest.mark.parametrize(
    ("generation", "fault", "match"),
    [("legacy", "pack_used_up", "buy a resource pack"), ("fal", "arrears", "top up the balance")],
)
def test_an_account_stops_the_batch_and_goes_on_after_the_cure(
    generation: str, fault: str, match: str, tmp_path: Path
) -> None:
    """Each clip of a batch would be tried with an empty account, and freed by hand, row by row."""
    world = World.of(FaultPlan(always=frozenset({fault})), generation)
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=world.clock.now)
    requests = [
        make_request(frame, world.config(), frame.stem) for frame in make_frames(tmp_path, 3)
    ]
    backend = world.process(ledger, tmp_path)
    for request in [*requests, requests[0]]:  # the second time from the ledger
        with pytest.raises(AccountError, match=rf"(?s){match}.*hoi ledger reopen test-0"):
            backend.submit(request)
    assert creations(world) == 3
    world.plan.always = frozenset({"safety"})
    other = make_request(requests[0].frame, world.config(), "policy")
    with pytest.raises(RefusedError) as refused:
        backend.submit(other)
    assert not isinstance(refused.value, AccountError)
    world.plan.always = frozenset()
    assert {row.state for row in reopen_account(ledger, "test-0")} == {S.RESERVED}
    assert [backend.submit(request).state for request in requests] == ["submitted"] * 3
    assert ledger.get(other.fingerprint).state == S.REFUSED
