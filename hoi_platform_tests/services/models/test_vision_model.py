"""Questions to the vision model: paid once, each failure typed, no row left without an end."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import event

from hoi_platform.core.errors import (
    AccountError,
    BadInputError,
    BudgetError,
    RefusedError,
    TransientError,
    UnsettledError,
)
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Budget
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.models.question import Question
from hoi_platform.services.models.structured import StructuredAnswer
from hoi_platform_tests.services.models.endpoints import (
    KEY,
    Endpoint,
    answered,
    completion,
    model_at,
    refused,
)

S = RequestState


class Form(StructuredAnswer):
    """Any form."""

    word: str


def test_the_same_question_is_paid_once(ledger: Ledger) -> None:
    """A re-run would buy every answer again."""
    endpoint = Endpoint(answered("hello"))
    question = Question("clip", "system", "text")
    assert [model_at(endpoint, ledger).ask(question) for _ in range(3)] == ["hello"] * 3
    assert len(endpoint.requests) == 1
    (row,) = ledger.rows()
    assert (row.state, row.tokens) == (S.DELIVERED, 1100)
    assert row.cost_usd == Decimal("0.0035")


def _picture(path: Path, color: int = 9, mode: str = "RGB", **texts: str) -> Path:
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name, value)
    Image.new(mode, (8, 6), (color,) * len(mode)).save(path, pnginfo=info)
    return path


def test_equal_pixels_are_one_purchase_whatever_the_file_says(
    ledger: Ledger, tmp_path: Path
) -> None:
    """A frame that was rendered again, or for another clip or folder, would be asked again."""
    first = _picture(tmp_path / "a.png", Date="2026/11/21 10:00:00", RenderTime="00:03.11")
    (tmp_path / "other").mkdir()
    second = _picture(tmp_path / "other" / "b.png", Date="2026/11/22 11:00:00", File="/home/x")
    assert first.read_bytes() != second.read_bytes()
    endpoint = Endpoint(answered("hello"))
    for subject, picture in (("clip1", first), ("clip2", second)):
        assert model_at(endpoint, ledger).ask(Question(subject, "s", "t", (picture,))) == "hello"
    assert len(endpoint.requests) == len(ledger.rows()) == 1


def test_whatever_is_sent_is_part_of_the_identity(tmp_path: Path) -> None:
    """Another question would be answered with an old answer."""
    picture = _picture(tmp_path / "a.png")
    base = Question("clip", "system", "text", (picture,), Form)
    others = [
        replace(base, system="other"),
        replace(base, text="other"),
        replace(base, images=()),
        replace(base, images=(picture, picture)),
        replace(base, images=(_picture(tmp_path / "b.png", color=10),)),
        replace(base, images=(_picture(tmp_path / "c.png", mode="RGBA"),)),
        replace(base, answer=None),
        replace(base, temperature=0.5),
        replace(base, max_tokens=499),
        replace(base, attempt=1),
    ]
    prints = [q.fingerprint("gpt-4o") for q in [base, *others]] + [base.fingerprint("gpt-5")]
    assert len(set(prints)) == len(prints)
    assert replace(base, subject="another clip").fingerprint("gpt-4o") == prints[0]


def test_what_is_sent_names_no_clip_and_no_path(ledger: Ledger, tmp_path: Path) -> None:
    """Names of a customer's objects and folders would leave the house."""
    endpoint = Endpoint(answered('{"word": "a"}'))
    question = Question("Mine/secret_clip", "s", "t", (_picture(tmp_path / "n.png"),), Form)
    model_at(endpoint, ledger).ask(question)
    assert "secret_clip" not in str(endpoint.requests)
    assert str(tmp_path) not in str(endpoint.requests)


def test_what_is_no_picture_is_refused_before_it_is_sent(ledger: Ledger, tmp_path: Path) -> None:
    """A broken render would be paid for, or end in an error of a library."""
    (tmp_path / "no.png").write_bytes(b"no image")
    endpoint = Endpoint(answered("hello"))
    with pytest.raises(BadInputError, match=r"no\.png"):
        model_at(endpoint, ledger).ask(Question("a", "s", "t", (tmp_path / "no.png",)))
    assert (endpoint.requests, ledger.rows()) == ([], [])


def test_a_passing_fault_is_retried_and_an_empty_account_is_not(ledger: Ledger) -> None:
    """A busy endpoint would fail the stage, or an unpaid bill be hammered."""
    busy = Endpoint(refused(429, "rate_limit_exceeded"), refused(503), answered("hello"))
    assert model_at(busy, ledger).ask(Question("a", "s", "t")) == "hello"
    for number, (status, code) in enumerate(
        [(429, "insufficient_quota"), (401, "invalid_api_key"), (403, ""), (402, "")]
    ):
        empty = Endpoint(refused(status, code))
        with pytest.raises(AccountError, match=code or str(status)):
            model_at(empty, ledger).ask(Question("b", "s", f"t{number}"))
        assert len(empty.requests) == 1


@pytest.mark.parametrize(
    ("asked", "least", "most"), [("7", 7, 7), ("99999", 60, 60), ("soon", 0, 2), ("-5", 0, 2)]
)
def test_the_pause_that_an_endpoint_asks_for_is_kept_within_bounds(
    asked: str, least: float, most: float, ledger: Ledger
) -> None:
    """An endpoint would be hammered, or stop a worker for a day."""
    busy = refused(429)
    busy.headers["retry-after"] = asked
    waits: list[float] = []
    model_at(Endpoint(busy, answered("hello")), ledger, waits).ask(Question("a", "s", "t"))
    assert len(waits) == 1
    assert least <= waits[0] <= most


def test_an_outage_is_an_error_after_bounded_attempts(ledger: Ledger) -> None:
    """An outage would be mistaken for an answer, or be retried forever."""
    dead = Endpoint(httpx.ConnectError("refused"))
    with pytest.raises(TransientError, match="no answer in 4 attempts"):
        model_at(dead, ledger).ask(Question("a", "s", "t"))
    assert len(dead.requests) == 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["http://evil.example/v1", "/v2/chat/completions", "//evil.example"])
def test_no_redirect_is_followed(status: int, to: str, ledger: Ledger, frame: Path) -> None:
    """Prompt, picture and key would be sent to any host that an answer names."""
    endpoint = Endpoint(httpx.Response(status, headers={"location": to}))
    with pytest.raises(RefusedError, match="not sent on"):
        model_at(endpoint, ledger).ask(Question("a", "s", "t", (frame,)))
    assert endpoint.hosts == ["stand-in.invalid"]


def _content(content: bytes) -> httpx.Response:
    return httpx.Response(200, content=content)


UNREADABLE: dict[str, httpx.Response | BaseException] = {
    "a page": _content(b"<html>correct</html>"),
    "nothing": _content(b""),
    "null": _content(b"null"),
    "a list": _content(b"[]"),
    "undecodable": _content(b"\xff\xfe\x00{"),
    "deeply nested": _content(b"[" * 100_000),
    "deeply nested object": _content(b'{"a":' * 100_000),
    "no choices": _content(b'{"id": "a"}'),
    "empty choices": httpx.Response(200, json=completion("a", choices=[])),
    "choices of another type": httpx.Response(200, json=completion("a", choices="correct")),
    "a number as text": httpx.Response(
        200, json=completion("a", choices=[{"message": {"content": 7}}])
    ),
    "an object as id": httpx.Response(200, json=completion("a", id={"a": 1})),
    "a broken stream": httpx.RemoteProtocolError("peer closed"),
    "a read time-out": httpx.ReadTimeout("slow"),
    "an undecodable body": httpx.DecodingError("gzip"),
    "a bug": ZeroDivisionError("in a library"),
    "500": httpx.Response(500, text="correct"),
    "408": httpx.Response(408, text=""),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_every_failure_after_the_request_left_is_typed(kind: str, ledger: Ledger) -> None:
    """A row would stay ``sending`` without a reason, or a library's exception end the batch."""
    endpoint = Endpoint(UNREADABLE[kind])
    with pytest.raises(TransientError, match="no answer"):
        model_at(endpoint, ledger).ask(Question("a", "s", "t"))
    (row,) = ledger.rows()
    assert (row.state, len(endpoint.requests)) == (S.DOUBTFUL, 4)
    assert row.reason


def test_an_interrupt_leaves_no_row_behind(ledger: Ledger) -> None:
    """The next run would wait ten minutes for a sender that has ended."""
    endpoint = Endpoint(KeyboardInterrupt(), answered("hello"))
    with pytest.raises(KeyboardInterrupt):
        model_at(endpoint, ledger).ask(Question("a", "s", "t"))
    assert ledger.rows()[0].state == S.DOUBTFUL
    assert model_at(endpoint, ledger).ask(Question("a", "s", "t")) == "hello"


@pytest.mark.parametrize(
    "usage",
    [None, "many", {"prompt_tokens": -5, "completion_tokens": 1}, {"prompt_tokens": 1e30}, [1]],
)
def test_nonsense_about_tokens_costs_no_answer(usage: Any, ledger: Ledger) -> None:
    """A paid answer would be thrown away, or the ledger hold a negative cost."""
    assert model_at(Endpoint(answered("hello", usage=usage)), ledger).ask(Question("a", "s", "t"))
    (row,) = ledger.rows()
    assert (row.state, row.cost_usd, row.tokens) == (S.DELIVERED, None, None)


def test_an_id_of_any_length_is_stored(ledger: Ledger) -> None:
    """PostgreSQL would refuse the row of a paid answer."""
    model_at(Endpoint(answered("hello", id="i" * 5000)), ledger).ask(Question("a", "s", "t"))
    assert len(ledger.rows()[0].task_id or "") <= 128


def test_an_answer_that_cannot_be_written_is_an_error_that_names_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    """A full disk would lose the id of what was paid for, or end in a library's error."""

    def full_disk(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "UPDATE paid_request" in statement and "chatcmpl-77" in str(parameters):
            raise OSError(28, "No space left on device")

    event.listen(ledger._engine, "before_cursor_execute", full_disk)
    model = model_at(Endpoint(answered("hello", id="chatcmpl-77")), ledger)
    with pytest.raises(UnsettledError, match="chatcmpl-77"):
        model.ask(Question("a", "s", "t"))


def test_a_death_between_the_answer_and_its_use_loses_nothing(ledger: Ledger) -> None:
    """A paid answer would be noted and never found again."""
    model = model_at(Endpoint(answered("hello")), ledger)
    question = Question("a", "s", "t")
    row = ledger.reserve(model._intent(question, question.fingerprint("gpt-4o")))
    ledger.begin_sending(row)
    ledger.advance(row.fingerprint, S.SUCCEEDED, result="said before")
    assert model.ask(question) == "said before"
    assert ledger.rows()[0].state == S.DELIVERED


def test_a_refused_question_is_not_asked_again_by_itself(ledger: Ledger) -> None:
    """A refusal would be bought again with every run."""
    endpoint = Endpoint(refused(400, "content_policy"))
    for _ in range(2):
        with pytest.raises(RefusedError, match="content_policy"):
            model_at(endpoint, ledger).ask(Question("a", "s", "t"))
    assert len(endpoint.requests) == 1


def test_the_form_is_asked_for_in_words_where_structure_is_unknown(ledger: Ledger) -> None:
    """Endpoints without structured output could not be used, or would be asked twice each time."""
    endpoint = Endpoint(
        refused(400, message="Unsupported parameter: response_format"), answered("{}")
    )
    model = model_at(endpoint, ledger)
    for number in range(2):
        model.ask(Question("a", "s", f"t{number}", answer=Form))
    assert ["response_format" in request for request in endpoint.requests] == [True, False, False]
    assert all("JSON object" in r["messages"][0]["content"] for r in endpoint.requests)


def test_the_budget_is_checked_before_anything_is_sent(tmp_path: Path) -> None:
    """Money would be spent beyond the limit."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/b.db", Budget(per_day_usd=Decimal("0.000001")))
    endpoint = Endpoint(answered("hello"))
    with pytest.raises(BudgetError, match="was not sent"):
        model_at(endpoint, ledger).ask(Question("a", "s", "t"))
    assert endpoint.requests == []


def test_no_key_in_ledger_or_errors(ledger: Ledger, tmp_path: Path) -> None:
    """A key would lie in the ledger's file or in an error on the web page."""
    endpoint = Endpoint(refused(401, message=f"{'x' * 285} {KEY} was wrong"))
    with pytest.raises(RefusedError) as caught:
        model_at(endpoint, ledger).ask(Question("a", "s", "t"))
    assert "marked" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert all(b"marked" not in f.read_bytes() for f in tmp_path.iterdir() if f.is_file())


def test_vision_models_are_asked_through_the_ledger_alone() -> None:
    """A question that goes around the ledger is in no budget, and is paid for again."""
    package = Path(__file__).parents[3] / "hoi_platform"
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "chat/completions" in path.read_text() or "ChatEndpoint" in path.read_text()
    }
    assert asking == {
        "services/models/endpoint.py",
        "services/models/vision_model.py",
        "services/backends/shipped/paid.py",
        "services/backends/uses.py",
        "services/fake_apis/chat.py",
    }
