"""The scale search: only exact, structured answers move it."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from hoi_platform.core.errors import StageError, TransientError
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.models.scale import find_scale
from hoi_platform_tests.services.models.endpoints import Endpoint, answered, model_at, refused


def _previews(folder: Path) -> Callable[[int, float], Path]:
    """A picture per scale; its first pixel holds the scale in units of 1/1000."""

    def preview(iteration: int, scale: float) -> Path:
        path, milli = folder / f"{iteration}.png", round(scale * 1000)
        Image.new("RGB", (8, 8), (milli >> 8, milli & 255, 0)).save(path)
        return path

    return preview


def _eye(true_size: float) -> Callable[[httpx.Request], httpx.Response]:
    """An eye that knows the right scale within 15 %."""

    def answer(request: httpx.Request) -> httpx.Response:
        url = json.loads(request.content)["messages"][1]["content"][1]["image_url"]["url"]
        with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as image:
            high, low, _ = image.getpixel((0, 0))  # type: ignore[misc]
        scale = (high * 256 + low) / 1000
        if abs(scale / true_size - 1) < 0.15:
            return answered('{"verdict": "correct"}')
        return answered(json.dumps({"verdict": "too_small" if scale < true_size else "too_big"}))

    return answer


@pytest.mark.parametrize("true_size", [0.02, 0.1, 0.9])
def test_the_scale_search_finds_a_planted_size(
    true_size: float, ledger: Ledger, tmp_path: Path
) -> None:
    """The search would miss sizes that doubling and bisection reach."""
    found = find_scale(model_at(_eye(true_size), ledger), _previews(tmp_path), "obj", "mug", 12)
    assert found.scale == pytest.approx(true_size, rel=0.15)
    assert [s.iteration for s in found.steps] == list(range(1, len(found.steps) + 1))
    assert found.steps[-1].response == "correct"


NO_VERDICT = [
    "correct",
    "Correct.",
    "not correct",
    "It is not correct, it is too big.",
    "The service is not available; check that the request is correct.",
    '{"verdict": "not correct"}',
    '{"verdict": "Correct"}',
    '{"verdict": "small"}',
    '{"answer": "correct"}',
    '{"verdict": ["correct"]}',
    '{"verdict": "correct", "note": "or too big"}',
    '{"verdict": "too_big", "verdict": "correct"}',
    'I think {"verdict": "correct"} but I am not sure',
    '["correct"]',
    '"correct"',
    "null",
    "",
]


@pytest.mark.parametrize("said", NO_VERDICT)
def test_what_is_no_verdict_ends_the_search_with_an_error(
    said: str, ledger: Ledger, frame: Path
) -> None:
    """An object would get the scale 0.1 because an error text contains the word "correct"."""
    endpoint = Endpoint(answered(said))
    with pytest.raises(StageError, match="cannot be understood"):
        find_scale(model_at(endpoint, ledger), lambda _i, _s: frame, "obj", "mug", 5)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize("said", NO_VERDICT)
def test_what_is_no_verdict_is_asked_again_and_moves_nothing(
    said: str, ledger: Ledger, tmp_path: Path
) -> None:
    """One bad answer would shift every later one."""
    endpoint = Endpoint(
        answered(said),
        answered('{"verdict": "too_small"}'),
        answered(said),
        answered(said),
        answered('{"verdict": "correct"}'),
    )
    found = find_scale(model_at(endpoint, ledger), _previews(tmp_path), "obj", "mug", 5)
    assert [(step.scale, step.response) for step in found.steps] == [
        (0.1, "small"),
        (0.2, "correct"),
    ]


@pytest.mark.parametrize("status", [500, 503])
def test_an_outage_page_with_the_word_correct_is_no_verdict(
    status: int, ledger: Ledger, frame: Path
) -> None:
    """An outage would decide the size of an object."""
    endpoint = Endpoint(refused(status, message='{"verdict": "correct"}'))
    with pytest.raises(TransientError):
        find_scale(model_at(endpoint, ledger), lambda _i, _s: frame, "obj", "mug", 5)


def test_the_next_question_quotes_the_answer(ledger: Ledger, frame: Path) -> None:
    """The model would give the same unreadable answer three times."""
    endpoint = Endpoint(answered("It depends."), answered('{"verdict": "correct"}'))
    find_scale(model_at(endpoint, ledger), lambda _i, _s: frame, "obj", "mug", 5)
    assert "It depends." in endpoint.requests[1]["messages"][1]["content"][0]["text"]


def test_answers_on_one_side_alone_are_no_scale(ledger: Ledger, tmp_path: Path) -> None:
    """An object would get whatever scale the last question had."""
    endpoint = Endpoint(answered('{"verdict": "too_small"}'))
    with pytest.raises(StageError, match="one side"):
        find_scale(model_at(endpoint, ledger), _previews(tmp_path), "obj", "mug", 3)
