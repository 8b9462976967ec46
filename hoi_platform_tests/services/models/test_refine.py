"""Refinement: a checked prompt, or the base prompt with the reason why the answer is unusable."""

import json
from pathlib import Path

import pytest

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import TransientError
from hoi_platform.core.scene.prompts import Prompt, template_prompt
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.models.refine import refined_prompt
from hoi_platform_tests.services.models.endpoints import Endpoint, answered, model_at, refused

CLIP = ClipId(ObjectId("ComAsset", "mug"), "kid", "indoor2-manipulation", 1)
BASE = template_prompt(["The person takes the {object}. Fixed camera."], "mug", 0)
GOOD = "A child lifts a mug. The camera remains static."


def _refined(endpoint: Endpoint, ledger: Ledger, frame: Path, system: str = "") -> Prompt:
    model = model_at(endpoint, ledger)
    return refined_prompt(BASE, model, frame, CLIP.path, ("mug", "cup"), system)


@pytest.mark.parametrize(
    "text", [json.dumps({"prompt": GOOD}), f'```json\n{{"prompt": "{GOOD}"}}\n```']
)
def test_a_usable_answer_is_the_prompt(text: str, ledger: Ledger, frame: Path) -> None:
    """Refinement would be paid for and never used."""
    prompt = _refined(Endpoint(answered(text)), ledger, frame)
    assert (prompt.text, prompt.refined, prompt.reason) == (GOOD, True, "")


def _in_form(prompt: str) -> str:
    return json.dumps({"prompt": prompt})


UNUSABLE = {
    "apology": "I'm sorry, I can't help with that mug. The camera remains static.",
    "other apology": _in_form("Unfortunately I cannot help with mugs. The camera remains static."),
    "text without form": GOOD,
    "form inside of text": f"Here it is: {_in_form(GOOD)}",
    "another form": json.dumps({"prompt": GOOD, "note": "a"}),
    "a doubled field": f'{{"prompt": "no", "prompt": "{GOOD}"}}',
    "a list": json.dumps([GOOD]),
    "null": "null",
    "null inside": '{"prompt": null}',
    "number": '{"prompt": 7}',
    "empty text": _in_form("  "),
    "page": "<html><body>502 Bad Gateway: mug. The camera remains static.</body></html>",
    "page inside": _in_form("<p>502: no mug</p> The camera remains static."),
    "error inside": _in_form('{"error": "overloaded mug"} The camera remains static.'),
    "over-long": _in_form(f"A mug{'.' * 3000} The camera remains static."),
    "object lost": _in_form("A child lifts a ball. The camera remains static."),
    "camera lost": _in_form("A child lifts a mug."),
    "camera moved": _in_form("A child lifts a mug. The camera pans. The camera remains static."),
    "cut JSON": '{"prompt": "A child lifts a mug. The camera rem',
    "empty": "",
}


@pytest.mark.parametrize("kind", UNUSABLE)
@pytest.mark.parametrize("structured", [True, False])
def test_an_unusable_answer_leaves_the_base_prompt_and_says_why(
    kind: str, structured: bool, ledger: Ledger, frame: Path
) -> None:
    """An apology or an error page would be bought as a video."""
    said = answered(UNUSABLE[kind])
    endpoint = Endpoint(said) if structured else Endpoint(refused(400, "response_format"), said)
    for _ in range(2):
        prompt = _refined(endpoint, ledger, frame)
        assert (prompt.text, prompt.source, prompt.refined) == (BASE.text, "base", False)
        assert prompt.reason
    (row,) = ledger.rows()
    assert (row.state, row.result) == (RequestState.DELIVERED, UNUSABLE[kind])
    assert len(endpoint.requests) == (1 if structured else 2), "it was bought again"


@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": None, "refusal": "policy"}},
        {"message": {"content": _in_form(GOOD)}, "finish_reason": "length"},
        {"message": {"content": _in_form(GOOD)}, "finish_reason": "content_filter"},
        {"message": {"content": _in_form(GOOD), "refusal": "policy"}},
    ],
)
def test_a_refusal_or_half_an_answer_leaves_the_base_prompt(
    choice: dict[str, object], ledger: Ledger, frame: Path
) -> None:
    """Half a sentence would be bought as a video."""
    prompt = _refined(Endpoint(answered(None, choices=[choice])), ledger, frame)
    assert (prompt.refined, prompt.text) == (False, BASE.text)
    assert "refusal" in prompt.reason


def test_an_outage_is_no_answer(ledger: Ledger, frame: Path) -> None:
    """A night without the model would fill the data set with unrefined prompts."""
    with pytest.raises(TransientError):
        _refined(Endpoint(refused(503)), ledger, frame)


def test_the_camera_and_the_form_are_demanded_whatever_the_configuration_says(
    ledger: Ledger, frame: Path
) -> None:
    """A system message of one's own would make every answer unusable."""
    endpoint = Endpoint(answered(_in_form(GOOD)))
    _refined(endpoint, ledger, frame, "Be poetic.")
    system = endpoint.requests[0]["messages"][0]["content"]
    assert system.startswith("Be poetic.")
    assert "The camera remains static." in system
    assert "JSON object" in system
