"""Callbacks are hints: signed ones lead to a look at the task, all others to nothing."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook
from typer.testing import CliRunner

from hoi_platform.cli import app as hoi
from hoi_platform.core.errors import ConfigError, MissingResourceError, TransientError
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.server import free_port, serving
from hoi_platform.services.fake_apis.tasks import Order
from hoi_platform.services.fake_apis.transport import Gateway, InProcess
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.callbacks import MAX_BYTES, callback_app
from hoi_platform.services.video.kling.auth import ApiKeySigner
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.polling import refresh_named
from hoi_platform_tests.services.video.paid_world import (
    BASE_URL,
    World,
    make_frames,
    make_request,
)

SECRET = "whsec_" + base64.b64encode(b"a secret that both sides know").decode()


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def address(seen: list[str]) -> Iterator[str]:
    with serving(callback_app(SECRET, seen.append), free_port()) as url:
        yield f"{url}/kling"


def call_back(address: str, secret: str = SECRET, age: timedelta = timedelta(0)) -> list[int]:
    """What the stand-in's (duplicated) callback of a task is answered with."""
    statuses: list[int] = []

    def notify(url: str, headers: dict[str, str], body: bytes) -> None:
        statuses.append(httpx.post(url, headers=headers, content=body).status_code)

    plan = FaultPlan(Rates(duplicate_callback=1.0))
    kling = FakeKling(
        lambda: utc_now() - age, lambda _o: b"", plan, callback_secret=secret, notify=notify
    )
    task = kling.book.add(Order("m", "p", b"", 5.0, "hoi-1", address))
    assert task is not None
    kling.callback(task)
    return statuses


def signed(body: bytes, message_id: str = "msg_1") -> dict[str, str]:
    """Headers as the documentation of Standard Webhooks makes them, by its own package."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(message_id, now, body.decode()),
    }


def test_a_signed_callback_leads_to_a_look(address: str, seen: list[str]) -> None:
    """A finished task would wait for the next poll; a duplicate would do harm."""
    assert call_back(address) == [204, 204]
    assert seen == ["hoi-1", "hoi-1"]


def test_a_forged_callback_is_refused(address: str, seen: list[str]) -> None:
    """Anybody could make the platform ask for tasks."""
    other = "whsec_" + base64.b64encode(b"another secret").decode()
    assert call_back(address, other) == [401, 401]
    assert seen == []


@pytest.mark.parametrize("minutes", [6, -6])
def test_an_old_or_future_callback_is_refused(minutes: int, address: str, seen: list[str]) -> None:
    """A recorded callback could be replayed forever."""
    assert call_back(address, age=timedelta(minutes=minutes)) == [401, 401]
    assert seen == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,%%%"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1e400"},
    ],
)
def test_broken_signature_headers_are_refused(
    headers: dict[str, str], address: str, seen: list[str]
) -> None:
    """Signatures would be optional, or a stranger's request would end in a stack trace."""
    body = b'{"external_task_id": "hoi-1"}'
    sent = {**signed(body), **headers} if headers else {}
    assert httpx.post(address, content=body, headers=sent).status_code == 401
    assert seen == []


@pytest.mark.parametrize(
    "body", [b"hello", b"[1]", b'{"task_info": {"external_task_id": 7}}', b"{}", b"[" * 100_000]
)
def test_a_signed_body_without_a_task_is_refused(
    body: bytes, address: str, seen: list[str]
) -> None:
    """The endpoint would end in a stack trace, or look for nonsense in the ledger."""
    assert httpx.post(address, content=body, headers=signed(body)).status_code == 400
    assert seen == []


@pytest.mark.parametrize("announced", [True, False])
def test_an_oversized_callback_is_not_read(announced: bool, address: str, seen: list[str]) -> None:
    """A stranger could fill the memory; without a length the body is cut as it comes."""
    body = b"x" * (MAX_BYTES + 1)
    content = body if announced else iter([body[:MAX_BYTES], body[MAX_BYTES:]])
    assert httpx.post(address, content=content).status_code == 413
    assert seen == []


def test_both_generations_name_the_task(address: str, seen: list[str]) -> None:
    """Callbacks of one generation would be refused."""
    for body in (b'{"external_task_id": "new"}', b'{"task_info": {"external_task_id": "old"}}'):
        assert httpx.post(address, content=body, headers=signed(body)).status_code == 204
    assert seen == ["new", "old"]


def test_an_outage_behind_the_endpoint_is_told_to_the_caller() -> None:
    """Kling would take the callback for delivered although nothing was looked at."""

    def refresh(_external_id: str) -> None:
        raise TransientError("no answer")

    body = b'{"external_task_id": "hoi-1"}'
    with serving(callback_app(SECRET, refresh), free_port()) as url:
        answer = httpx.post(f"{url}/kling", content=body, headers=signed(body))
    assert answer.status_code == 503


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%"])
def test_a_secret_of_another_form_is_told(secret: str) -> None:
    """A mistyped secret would refuse every callback without a word."""
    with pytest.raises(ConfigError, match="KLING_WEBHOOK_SECRET") as caught:
        callback_app(secret, lambda _id: None)
    assert caught.value.__cause__ is None


def test_the_command_asks_for_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint would start and accept nothing, or anything."""
    monkeypatch.delenv("KLING_WEBHOOK_SECRET", raising=False)
    result = CliRunner().invoke(hoi, ["callbacks", "--results_dir", str(tmp_path)])
    assert isinstance(result.exception, MissingResourceError)
    assert "KLING_WEBHOOK_SECRET is not set" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("generation", ["legacy", "new"])
def test_the_address_is_sent_with_the_order_if_configured(generation: str, tmp_path: Path) -> None:
    """Kling would never call back, or be given an address that nobody asked for."""
    world = World.of(FaultPlan(), generation)
    network = InProcess(Gateway(world.kling, world.kling.files, world.plan, world.clock.now))
    transport = KlingTransport(BASE_URL, ApiKeySigner(KlingKeys().api_key), network)
    kind = LegacyKling if generation == "legacy" else NewKling
    request = make_request(make_frames(tmp_path, 1)[0], world.config())
    kind(transport, "test").create(request, "hoi-1")
    kind(transport, "test", "https://a.example/kling").create(request, "hoi-2")
    orders = [task.order.callback_url for task in world.kling.book.tasks]
    assert orders == [None, "https://a.example/kling"]


def test_callbacks_bring_a_row_on_and_never_back(tmp_path: Path) -> None:
    """A duplicated, late or foreign callback would reopen a finished request or raise."""
    world = World.of(FaultPlan())
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=world.clock.now)
    backend = world.process(ledger, tmp_path)
    request = make_request(make_frames(tmp_path, 1)[0], world.config())
    task = backend.submit(replace(request, clip="clip"))
    states = []
    for seconds in (0, 10, 60, 0, 0):
        world.clock.sleep(seconds)
        refresh_named(ledger, lambda _row: backend, task.external_task_id)
        states.append(ledger.get("1").state)
    asked = len(world.kling.calls)
    refresh_named(ledger, lambda _row: backend, "hoi-of-somebody-else")
    assert states == ["submitted", "processing", *["succeeded"] * 3]
    assert ledger.get("1").state == RequestState.SUCCEEDED
    assert len(world.kling.calls) == asked
