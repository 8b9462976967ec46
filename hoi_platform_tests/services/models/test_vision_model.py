"""The vision model: paid once, answers understood or refused, never "correct" by default.

The client is the real ``openai`` package on a mock transport.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2 as httpx  # what openai 3 is built on
import openai
import pytest
from PIL import Image

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import BudgetError, RefusedError, StageError, TransientError
from hoi_platform.core.scene.prompts import template_prompt
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Budget
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.models.refine import refined_prompt
from hoi_platform.services.models.scale import find_scale
from hoi_platform.services.models.vision_model import Question, VisionModel

KEY = "sk-marked-secret-value"
Handler = Callable[[httpx.Request], httpx.Response]


def _answer(text: str | None, refusal: str | None = None) -> httpx.Response:
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }
    return httpx.Response(200, json=body)


def _error(status: int, code: str = "") -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": "no", "code": code}})


class Endpoint:
    """Answers from a list, the last one for ever; counts the requests."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(json.loads(request.content))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def _model(endpoint: Handler, ledger: Ledger) -> VisionModel:
    client = openai.OpenAI(
        api_key=KEY,
        base_url="http://stand-in.invalid/v1",
        max_retries=0,
        http_client=openai.DefaultHttpxClient(transport=httpx.MockTransport(endpoint)),
    )
    return VisionModel(client, "gpt-4o", ledger, sleep=lambda _s: None)


def test_the_same_question_is_paid_once(ledger: Ledger) -> None:
    """A re-run would buy every answer again."""
    endpoint = Endpoint(_answer("hello"))
    question = Question("clip", "system", "text")
    assert [_model(endpoint, ledger).ask(question) for _ in range(3)] == ["hello"] * 3
    assert len(endpoint.requests) == 1
    (row,) = ledger.rows()
    assert (row.state, row.tokens) == (RequestState.DELIVERED, 1100)
    assert row.cost_usd == Decimal("0.0035")


def test_a_passing_fault_is_retried_and_an_empty_account_is_not(ledger: Ledger) -> None:
    """A busy endpoint would fail the stage, or an unpaid bill be hammered."""
    busy = Endpoint(_error(429, "rate_limit_exceeded"), _error(503), _answer("hello"))
    assert _model(busy, ledger).ask(Question("a", "s", "t")) == "hello"
    empty = Endpoint(_error(429, "insufficient_quota"))
    with pytest.raises(RefusedError, match="insufficient_quota"):
        _model(empty, ledger).ask(Question("b", "s", "t"))
    assert len(empty.requests) == 1


def test_an_outage_is_an_error_after_bounded_attempts(ledger: Ledger) -> None:
    """An outage would be taken for an answer, or be retried for ever."""
    dead = Endpoint(httpx.ConnectError("refused"))
    with pytest.raises(TransientError, match="no answer in 4 attempts"):
        _model(dead, ledger).ask(Question("a", "s", "t"))
    assert len(dead.requests) == 4


def test_the_budget_is_checked_before_anything_is_sent(tmp_path: Path) -> None:
    """Money would be spent beyond the limit."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/b.db", Budget(per_day_usd=Decimal("0.000001")))
    endpoint = Endpoint(_answer("hello"))
    with pytest.raises(BudgetError, match="was not sent"):
        _model(endpoint, ledger).ask(Question("a", "s", "t"))
    assert endpoint.requests == []


def test_no_key_in_ledger_or_errors(ledger: Ledger, tmp_path: Path) -> None:
    """A key would lie in the ledger's file or in an error on the web page."""
    endpoint = Endpoint(_error(401))
    with pytest.raises(RefusedError) as caught:
        _model(endpoint, ledger).ask(Question("a", "s", "t"))
    assert KEY not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert all(KEY.encode() not in f.read_bytes() for f in tmp_path.iterdir() if f.is_file())


def _sized(true_size: float) -> Callable[[httpx.Request], httpx.Response]:
    """An eye that knows the right scale within 15 %; reads the scale that the preview wrote."""

    def answer(request: httpx.Request) -> httpx.Response:
        url = json.loads(request.content)["messages"][1]["content"][1]["image_url"]["url"]
        import base64
        import io

        with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as image:
            scale = float(image.text["scale"])  # type: ignore[attr-defined]
        word = "correct" if abs(scale / true_size - 1) < 0.15 else None
        return _answer(json.dumps({"answer": word or ("small" if scale < true_size else "big")}))

    return answer


@pytest.mark.parametrize("true_size", [0.02, 0.1, 0.9])
def test_the_scale_search_finds_a_planted_size(
    true_size: float, ledger: Ledger, tmp_path: Path
) -> None:
    """The search would miss sizes that doubling and bisection reach."""
    from PIL.PngImagePlugin import PngInfo

    def preview(iteration: int, scale: float) -> Path:
        path, info = tmp_path / f"{iteration}.png", PngInfo()
        info.add_text("scale", repr(scale))
        Image.new("RGB", (8, 8)).save(path, pnginfo=info)
        return path

    found = find_scale(_model(_sized(true_size), ledger), preview, "obj", "mug", 12)
    assert found.scale == pytest.approx(true_size, rel=0.15)
    assert [s.iteration for s in found.steps] == list(range(1, len(found.steps) + 1))
    assert found.steps[-1].response == "correct"


def test_an_unparsable_answer_is_asked_again_then_fails_with_it(
    ledger: Ledger, frame: Path
) -> None:
    """Nonsense would be recorded as "correct", as the reference does."""
    endpoint = Endpoint(_answer("It depends."), _answer("small or big"), _answer("banana"))
    with pytest.raises(StageError, match="banana"):
        find_scale(_model(endpoint, ledger), lambda _i, _s: frame, "obj", "mug", 5)
    assert len(endpoint.requests) == 3
    assert "It depends." in endpoint.requests[1]["messages"][1]["content"][0]["text"]


def test_answers_on_one_side_alone_are_no_scale(ledger: Ledger, frame: Path) -> None:
    """An object would get whatever scale the last question had."""
    endpoint = Endpoint(_answer('{"answer": "small"}'))
    with pytest.raises(StageError, match="one side"):
        find_scale(_model(endpoint, ledger), lambda _i, _s: frame, "obj", "mug", 3)


CLIP = ClipId(ObjectId("ComAsset", "mug"), "kid", "indoor2-manipulation", 1)
BASE = template_prompt(["The person takes the {object}. Fixed camera."], "mug", CLIP)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("A child lifts a mug.", "A child lifts a mug. The camera remains static."),
        ("A child stands still.", "A child stands still. The camera remains static."),
        ("He drinks. The camera slowly pans left.", "He drinks. The camera remains static."),
        ("Zooming in on him, he drinks. He sits.", "He sits. The camera remains static."),
        ("He faces the camera.", "He faces the camera. The camera remains static."),
        ("He drinks. The camera is fixed.", "He drinks. The camera is fixed."),
    ],
)
def test_a_refined_prompt_keeps_the_camera_static(
    said: str, kept: str, ledger: Ledger, frame: Path
) -> None:
    """A moving camera would make the video useless for reconstruction."""
    model = _model(Endpoint(_answer(json.dumps({"prompt": said}))), ledger)
    prompt = refined_prompt(BASE, model, frame, CLIP.path, "")
    assert (prompt.source, prompt.text) == ("refined", kept)


@pytest.mark.parametrize(
    ("text", "refusal", "note"),
    [
        ("I'm sorry, I can't help with that.", None, "refused"),
        ("", None, "empty"),
        (None, "policy", "refusal"),
        ("x" * 3000, None, "characters, 2400 are allowed"),
        ("The camera pans.", None, "camera alone"),
        ("I can’t do that.", None, "refused"),
    ],
)
def test_a_refusal_falls_back_to_the_base_prompt_and_says_so(
    text: str | None, refusal: str | None, note: str, ledger: Ledger, frame: Path
) -> None:
    """A refusal would be sent to the video model as a prompt."""
    prompt = refined_prompt(
        BASE, _model(Endpoint(_answer(text, refusal)), ledger), frame, CLIP.path, ""
    )
    assert (prompt.text, prompt.source) == (BASE.text, "base_after_refusal")
    assert note in prompt.note
