"""Prompt refinement: a base prompt made specific to what the conditioning frame shows."""

import json
import re
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
LONGEST: Final = 2400
"""Characters: what every video model takes, less the negative prompt that some of them append."""
_SCHEMA: Final = {
    "type": "object",
    "properties": {"prompt": {"type": "string"}},
    "required": ["prompt"],
    "additionalProperties": False,
}
_REFUSALS: Final = ("i'm sorry", "i am sorry", "i can't", "i cannot", "i'm unable", "as an ai")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_CAMERA: Final = re.compile(r"\b(camera|shot|lens|view|frame|zoom\w*)\b", re.IGNORECASE)
_MOVES: Final = re.compile(
    r"\b(zoom|pan|tilt|track|doll(y|ie)|orbit|follow|push|pull|mov|sweep|rotat|circl|crane|shak|"
    r"handheld|cuts?\b|glid|drift|clos(er|e-up))",
    re.IGNORECASE,
)
_STATIC: Final = re.compile(r"\bcamera\b.*\b(static|still|fixed|stationary)\b", re.IGNORECASE)


def refined_prompt(base: Prompt, model: VisionModel, frame: Path, clip: str, system: str) -> Prompt:
    """The refined prompt, or the base prompt with the reason why it was kept.

    Raises what ``VisionModel.ask`` raises: an outage is an error, not a refusal.
    """
    text = f"Base prompt: {base.text}"
    question = Question(clip, system or SYSTEM, text, (frame,), _SCHEMA, temperature=0.7)
    answer = _text_of(model.ask(question))
    text = with_static_camera(answer)
    if problem := _problem(answer, text):
        return Prompt(base=base.base, text=base.text, source="base_after_refusal", note=problem)
    return Prompt(base=base.base, text=text, source="refined")


def with_static_camera(prompt: str) -> str:
    """The prompt without sentences that move the camera, and with one that holds it still.

    Empty when nothing else is left.
    """
    sentences = _SENTENCE_END.split(prompt.strip())
    kept = [text for text in sentences if not (_CAMERA.search(text) and _MOVES.search(text))]
    if not any(kept) or any(map(_STATIC.search, kept)):
        return " ".join(kept)
    return f"{' '.join(kept).rstrip('. ')}. {STATIC_CAMERA}"


def _text_of(answer: str) -> str:
    """The prompt in a structured answer; endpoints without structure answer with it alone."""
    try:
        data = json.loads(answer)
    except ValueError:
        return answer.strip()
    return str(data.get("prompt", "")).strip() if isinstance(data, dict) else answer.strip()


def _problem(answer: str, text: str) -> str:
    if not answer:
        return "the model's answer was empty, cut off or a refusal"
    if answer.lower().replace("’", "'").startswith(_REFUSALS):
        return f"the model refused: {answer[:200]}"
    if not text:
        return f"the model's answer speaks of the camera alone: {answer[:200]}"
    if len(text) > LONGEST:
        return f"the model's answer has {len(text)} characters, {LONGEST} are allowed"
    return ""
