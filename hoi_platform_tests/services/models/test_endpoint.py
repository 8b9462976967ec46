"""The endpoint's client: bounded, patient for once, and every error with its cure."""

import gzip
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from hoi_platform.core.errors import AccountError, RefusedError, TransientError
from hoi_platform.services.accounts import reopen_account
from hoi_platform.services.ledger.intent import LEASE
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.models.endpoint import ChatEndpoint, Completion, NoStructureError
from hoi_platform.services.models.error_codes import CURES
from hoi_platform.services.models.question import Question
from hoi_platform.services.models.structured import StructuredAnswer
from hoi_platform.services.models.vision_model import VisionModel
from hoi_platform.services.video.remote import NotAcceptedError, UnknownOutcomeError
from hoi_platform_tests.services.models.endpoints import (
    KEY,
    Endpoint,
    answered,
    completion,
    model_at,
    refused,
)
from hoi_platform_tests.services.video.test_http import dripping

S = RequestState
BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def endpoint_at(handler: Any) -> ChatEndpoint:
    return ChatEndpoint("http://stand-in.invalid/v1", KEY, httpx.MockTransport(handler))


def test_the_openai_client_makes_the_call() -> None:
    """The endpoint would be talked to by a client of our own instead of the maintained one."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answered("hello")

    assert endpoint_at(handler).complete(BODY).choices[0].message.content == "hello"
    (request,) = seen
    assert request.headers["user-agent"].startswith("OpenAI/Python")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"
    assert str(request.url) == "http://stand-in.invalid/v1/chat/completions"


def test_the_client_repeats_nothing_by_itself() -> None:
    """The library's own retries would buy an answer twice behind the ledger's back."""
    for status in (408, 409, 429, 500, 503):
        endpoint = Endpoint(refused(status))
        with pytest.raises((TransientError, RefusedError)):
            endpoint_at(endpoint).complete(BODY)
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("packed", [False, True])
def test_the_size_of_an_answer_is_bounded_also_unpacked(status: int, packed: bool) -> None:
    """An endpoint could fill the memory of every worker."""
    body = gzip.compress(bytes(20_000_000)) if packed else bytes(17_000_000)
    headers = {"content-encoding": "gzip"} if packed else {}

    def handler(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    with pytest.raises(UnknownOutcomeError, match="more than 16000000 bytes"):
        endpoint_at(handler).complete(BODY)


def test_a_dripping_endpoint_does_not_hold_a_question() -> None:
    """Its lease would end, and a second process ask the same while the first still listens."""
    first = b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n"
    with dripping(first) as url:
        started = time.monotonic()
        with pytest.raises(UnknownOutcomeError):
            ChatEndpoint(url, KEY).complete(BODY, limit_s=0.4)
        assert time.monotonic() - started < 5


def test_what_never_left_was_not_bought() -> None:
    """A question would be doubtful, and count, although no connection was made."""
    with pytest.raises(NotAcceptedError):
        ChatEndpoint("http://127.0.0.1:9/v1", KEY).complete(BODY)


class Form(StructuredAnswer):
    """Any form."""

    word: str


@dataclass(frozen=True)
class SlowEndpoint(ChatEndpoint):
    """Refuses structured output after ``takes_s``; then answers."""

    takes_s: float = 0.0
    now: list[float] = field(default_factory=lambda: [0.0])
    limits: list[float] = field(default_factory=list)

    def complete(self, body: dict[str, Any], limit_s: float = 240.0) -> Completion:
        self.limits.append(limit_s)
        if "response_format" in body:
            self.now[0] += self.takes_s
            raise NoStructureError("no response_format")
        return Completion.model_validate(completion('{"word": "a"}'))


@pytest.mark.parametrize("takes_s", [0.0, 100.0, 239.0, 300.0, 470.0])
def test_two_sendings_end_within_one_lease(takes_s: float, ledger: Ledger) -> None:
    """The second one would still listen when another process may ask again."""
    endpoint = SlowEndpoint("http://stand-in.invalid/v1", KEY, takes_s=takes_s)
    model = VisionModel(endpoint, "m", ledger, lambda _s: None, clock=lambda: endpoint.now[0])
    assert model.ask(Question("a", "s", "t", answer=Form)) == '{"word": "a"}'
    assert len(endpoint.limits) == 2
    assert 0 < endpoint.limits[1] <= 240
    assert takes_s + endpoint.limits[1] <= 0.8 * LEASE.total_seconds()


def test_an_attempt_without_time_left_is_not_sent(ledger: Ledger) -> None:
    """A machine that slept would send in a lease that has ended."""
    endpoint = SlowEndpoint("http://stand-in.invalid/v1", KEY, takes_s=3600.0)
    model = VisionModel(endpoint, "m", ledger, lambda _s: None, clock=lambda: endpoint.now[0])
    assert model.ask(Question("a", "s", "t", answer=Form)) == '{"word": "a"}'
    assert len(endpoint.limits) == 2, "asked in words, in the next attempt alone"
    assert ledger.rows()[0].sends == 2


@pytest.mark.parametrize("code", CURES)
def test_every_known_error_states_its_cure(code: str, ledger: Ledger) -> None:
    """A person would have to look the endpoint's codes up."""
    model = model_at(Endpoint(refused(400, code)), ledger)
    with pytest.raises(RefusedError) as caught:
        model.ask(Question("a", "s", "t"))
    assert CURES[code] in str(caught.value)
    assert CURES[code] in ledger.rows()[0].reason


@pytest.mark.parametrize(
    ("status", "code"), [(429, "insufficient_quota"), (401, ""), (402, ""), (403, "")]
)
def test_an_account_refusal_is_one_each_time_and_is_reopened(
    status: int, code: str, ledger: Ledger
) -> None:
    """A batch would try clip after clip, and no command let the questions be asked again."""
    endpoint = Endpoint(refused(status, code), answered("hello"))
    for _ in range(2):
        with pytest.raises(AccountError, match="hoi ledger reopen openai"):
            model_at(endpoint, ledger).ask(Question("a", "s", "t"))
    assert len(endpoint.requests) == 1
    (row,) = reopen_account(ledger, "openai")
    assert row.state == S.RESERVED
    assert model_at(endpoint, ledger).ask(Question("a", "s", "t")) == "hello"


def test_a_reopened_question_is_paid_by_todays_key(ledger: Ledger) -> None:
    """A question refused for a revoked key would be booked on its account forever."""
    revoked, valid = endpoint_at(Endpoint(refused(401))), endpoint_at(Endpoint(answered("x")))
    old = VisionModel(revoked, "m", ledger, lambda _s: None, "openai:1")
    with pytest.raises(AccountError):
        old.ask(Question("a", "s", "t"))
    reopen_account(ledger, "openai:1")
    new = VisionModel(valid, "m", ledger, lambda _s: None, "openai:2")
    assert new.ask(Question("a", "s", "t")) == "x"
    assert ledger.rows()[0].account == "openai:2"


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
@pytest.mark.parametrize("before", range(250, 320, 7))
def test_a_key_across_the_cut_of_a_message_is_removed(
    status: int, before: int, ledger: Ledger, tmp_path: Path
) -> None:
    """The beginning of a key would stand in errors and in the ledger's file."""
    endpoint = Endpoint(refused(status, message="x" * before + KEY))
    with pytest.raises((RefusedError, TransientError)) as caught:
        model_at(endpoint, ledger).ask(Question("a", "s", "t"))
    assert KEY[:8] not in f"{caught.value}"
    assert KEY[:8] not in ledger.rows()[0].reason
