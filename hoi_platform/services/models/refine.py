"""Prompt refinement: a base prompt made specific to what the conditioning frame shows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hoi_platform.core.scene.prompts import Prompt, refinement_problem
from hoi_platform.services.models.question import Question
from hoi_platform.services.models.structured import StructuredAnswer, parsed
from hoi_platform.services.models.vision_model import VisionModel
from hoi_platform.services.secrets import excerpt

SYSTEM: Final = (
    "You write prompts for an image-to-video model. You are shown the first frame of the video "
    "and a base prompt. Rewrite the prompt in at most three sentences so that it names the "
    "object and describes one plausible, calm interaction of the person with it, in the order "
    "in which it happens. Change nothing else in the scene."
)
STATIC_CAMERA: Final = (
    "The camera stands still for the whole video: no motion, zoom or cut. End the prompt with the "
    'sentence "The camera remains static."'
)


class Refinement(StructuredAnswer):
    """What the model is asked for."""

    prompt: str


def refined_prompt(
    base: Prompt,
    model: VisionModel,
    frame: Path,
    clip: str,
    names: Sequence[str],
    system: str = "",
) -> Prompt:
    """The refined prompt, or the base prompt with the reason why the answer is unusable.

    ``names`` are the object's category and synonyms. An unusable answer is paid for and stays in
    the ledger; the same question is not bought again. Raises what ``VisionModel.ask`` raises: an
    outage is an error, not an answer.
    """
    answer = model.ask(refinement_question(clip, base.text, frame, system))
    refinement = parsed(Refinement, answer)
    text = "" if refinement is None else refinement.prompt.strip()
    if problem := _problem(answer, refinement) or refinement_problem(text, names):
        return Prompt(base=base.base, text=base.text, source="base", reason=problem)
    return Prompt(base=base.base, text=text, source="refined")


def refinement_question(clip: str, text: str, frame: Path, system: str = "") -> Question:
    """What is asked about a base prompt's text and the conditioning frame."""
    return Question(
        clip,
        f"{system or SYSTEM} {STATIC_CAMERA}",
        f"Base prompt: {text}",
        (frame,),
        Refinement,
        temperature=0.7,
    )


def _problem(answer: str, refinement: Refinement | None) -> str:
    if not answer.strip():
        return "the model's answer was empty, cut off or a refusal"
    if refinement is None:
        return f'the model\'s answer is not of the form {{"prompt": …}}: {excerpt(answer, 200)!r}'
    return ""
