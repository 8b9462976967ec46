"""Prompt refinement: a base prompt made specific to what the conditioning frame shows."""

import json
from pathlib import Path
from typing import Final

from hoi_platform.core.scene.prompts import Prompt
from hoi_platform.services.models.vision_model import Question, VisionModel

SYSTEM: Final = (
    "You write prompts for an image-to-video model. You are shown the first frame of the video "
    "and a base prompt. Rewrite the prompt in at most three sentences so that it names the "
    "object and describes one plausible, calm interaction of the person with it, in the order "
    "in which it happens. Change nothing else in the scene. The camera stands still for the "
    "whole video: no motion, zoom or cut. Answer with the prompt alone."
)
STATIC_CAMERA: Final = "The camera remains static."
_SCHEMA: Final = {
    "type": "object",
    "properties": {"prompt": {"type": "string"}},
    "required": ["prompt"],
    "additionalProperties": False,
}
_REFUSALS: Final = ("i'm sorry", "i am sorry", "i can't", "i cannot", "i'm unable", "as an ai")
_CAMERA_WORDS: Final = ("static", "still", "fixed", "tripod")
_MAX_LENGTH: Final = 2500


def refined_prompt(base: Prompt, model: VisionModel, frame: Path, clip: str, system: str) -> Prompt:
    """The refined prompt, or the base prompt with the reason why it was kept.

    Raises what ``VisionModel.ask`` raises: an outage is an error, not a refusal.
    """
    text = f"Base prompt: {base.text}"
    question = Question(clip, system or SYSTEM, text, (frame,), _SCHEMA, temperature=0.7)
    answer = _text_of(model.ask(question))
    if problem := _problem(answer):
        return Prompt(base=base.base, text=base.text, source="base_after_refusal", note=problem)
    if not any(word in answer.lower() for word in _CAMERA_WORDS):
        answer = f"{answer.rstrip('. ')}. {STATIC_CAMERA}"
    return Prompt(base=base.base, text=answer, source="refined")


def _text_of(answer: str) -> str:
    """The prompt in a structured answer; endpoints without structure answer with it alone."""
    try:
        data = json.loads(answer)
    except ValueError:
        return answer.strip()
    return str(data.get("prompt", "")).strip() if isinstance(data, dict) else answer.strip()


def _problem(text: str) -> str:
    if not text:
        return "the model's answer was empty or a refusal"
    if text.lower().startswith(_REFUSALS):
        return f"the model refused: {text[:200]}"
    if len(text) > _MAX_LENGTH:
        return f"the model's answer has {len(text)} characters, {_MAX_LENGTH} are allowed"
    return ""
