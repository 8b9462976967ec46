"""The vision model against the chat stand-in over HTTP: structure, faults, refusals."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
from PIL import Image

from hoi_platform.core.errors import RefusedError, TransientError
from hoi_platform.services.fake_apis.chat import CHAT_KEY, Eye, FakeChat
from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.server import application, free_port, serving
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.models.endpoint import ChatEndpoint
from hoi_platform.services.models.question import Question
from hoi_platform.services.models.scale import find_scale
from hoi_platform.services.models.vision_model import VisionModel


@contextmanager
def model_at(chat: FakeChat, ledger: Ledger, key: str = CHAT_KEY) -> Iterator[VisionModel]:
    """A model behind a server with this endpoint."""
    kling, fal = (kind(utc_now, lambda _o: b"") for kind in (FakeKling, FakeFal))
    with serving(application(kling, fal, chat), free_port()) as url:
        endpoint = ChatEndpoint(f"{url}/openai/v1", key)
        yield VisionModel(endpoint, "gpt-4o", ledger, sleep=lambda _s: None)


@pytest.mark.parametrize("structured", [True, False])
def test_structure_is_used_where_the_endpoint_has_it(
    structured: bool, ledger: Ledger, tmp_path: Path
) -> None:
    """Endpoints without structured output would be refused, or structure be used by none."""

    def preview(iteration: int, _scale: float) -> Path:
        path = tmp_path / f"{iteration}.png"
        Image.new("RGB", (8, 8), (iteration, 0, 0)).save(path)
        return path

    chat = FakeChat(utc_now, structured=structured)
    with model_at(chat, ledger) as model:
        found = find_scale(model, preview, "obj", "mug", 5)
    assert [step.response for step in found.steps] == ["small", "big", "correct"]
    assert found.steps[0].raw == '{"verdict": "too_small"}'
    assert all(row.tokens and row.tokens > 700 and row.cost_usd for row in ledger.rows())
    assert len(chat.calls) == (3 if structured else 4)


def test_an_eye_sees_the_picture_that_was_sent(ledger: Ledger, frame: Path) -> None:
    """The stand-in would judge something else than what the search rendered."""
    seen: list[bytes] = []
    eye: Eye = lambda image: seen.append(image) or "correct"  # noqa: E731
    with model_at(FakeChat(utc_now, eye=eye), ledger) as model:
        assert find_scale(model, lambda _i, _s: frame, "obj", "mug", 5).scale == 0.1
    assert seen == [frame.read_bytes()]


def test_a_wrong_key_is_refused_for_good(ledger: Ledger) -> None:
    """A mistyped key would be tried forever, or shown in the error."""
    chat = FakeChat(utc_now)
    with (
        model_at(chat, ledger, key="sk-marked") as model,
        pytest.raises(RefusedError, match="invalid_api_key") as caught,
    ):
        model.ask(Question("a", "s", "t"))
    assert len(chat.calls) == 1
    assert "sk-marked" not in repr(caught.value)


def test_the_stand_in_speaks_to_the_real_client(ledger: Ledger) -> None:
    """What works with the stand-in would fail with the real service's format."""
    chat = FakeChat(utc_now)
    kling, fal = (kind(utc_now, lambda _o: b"") for kind in (FakeKling, FakeFal))
    with (
        serving(application(kling, fal, chat), free_port()) as url,
        openai.OpenAI(api_key=CHAT_KEY, base_url=f"{url}/openai/v1", max_retries=0) as client,
    ):
        request = Question("a", "s", "Base prompt: A mug.").request("gpt-4o", structured=True)
        theirs = client.chat.completions.create(**request)
        (sent,) = chat.calls
        ours = VisionModel(
            ChatEndpoint(f"{url}/openai/v1", CHAT_KEY), "gpt-4o", ledger, sleep=lambda _s: None
        ).ask(Question("a", "s", "Base prompt: A mug."))
    assert theirs.choices[0].message.content == ours
    assert chat.calls[1].json() == sent.json()
    assert chat.calls[1].headers["authorization"] == sent.headers["authorization"]


def test_faults_end_in_answers_or_in_typed_errors(ledger: Ledger, frame: Path) -> None:
    """A dropped connection, a proxy's page or a 5xx would leave a row that nobody can settle."""
    plan = FaultPlan(Rates(call=0.6, permanent=0.3), seed=5)
    ends = {"answered": 0, "refused": 0, "later": 0}
    with model_at(FakeChat(utc_now, plan), ledger) as model:
        for number in range(40):
            try:
                model.ask(Question(f"clip{number}", "s", f"t{number}", (frame,)))
                ends["answered"] += 1
            except RefusedError:
                ends["refused"] += 1
            except TransientError:
                ends["later"] += 1
    assert min(ends.values()) > 0
    assert len(plan.drawn) > 8
    settled = {RequestState.DELIVERED, RequestState.REFUSED}
    states = [row.state for row in ledger.rows()]
    assert sum(state in settled for state in states) == ends["answered"] + ends["refused"]
    assert RequestState.SENDING not in states
