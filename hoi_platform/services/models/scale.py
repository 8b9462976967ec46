"""The metric scale of an object as a vision model judges it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.scene.scale_search import (
    Answer,
    ScaleSearch,
    ScaleStep,
    search_scale,
)
from hoi_platform.services.blender.conditioning import SceneInputs
from hoi_platform.services.blender.preview import scale_preview
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.meshes.scale import ObjectScale
from hoi_platform.services.models.question import Question
from hoi_platform.services.models.structured import StructuredAnswer, parsed
from hoi_platform.services.models.vision_model import VisionModel
from hoi_platform.services.secrets import excerpt

SYSTEM: Final = (
    "You judge sizes. You are shown a rendered room with a person and an object on a table. "
    "Compare the object with the person and the furniture and say whether it is too small, too "
    "big, or of a correct real-world size for what it is."
)
MOST_ASKS: Final = 3
"""Times that one picture is asked about before the search fails; chosen."""


class SizeVerdict(StructuredAnswer):
    """What the model is asked for."""

    verdict: Literal["too_small", "too_big", "correct"]


_ANSWERS: Final[dict[str, Answer]] = {"too_small": "small", "too_big": "big", "correct": "correct"}


def searched_scale(
    model: VisionModel,
    blender: BlenderService,
    inputs: SceneInputs,
    name: str,
    config: Gen2DHOIConfig,
    previews: Path,
) -> ObjectScale:
    """The scale that the model finds correct; every picture that it saw is kept in ``previews``."""
    search = find_scale(
        model,
        scale_preview(blender, inputs, previews),
        inputs.clip.object_id.path,
        name,
        config.scale.max_iterations,
        config.chatgpt.scale_evaluation_system_message,
    )
    steps = tuple(step.to_json() for step in search.steps)
    return ObjectScale((search.scale,) * 3, f"vision:{model.model}", len(steps), steps)


def find_scale(
    model: VisionModel,
    preview: Callable[[int, float], Path],
    subject: str,
    name: str,
    max_iterations: int,
    system: str = "",
) -> ScaleSearch:
    """Search the scale; ``preview`` renders iteration and scale into a picture.

    Raises StageError with what was answered when an answer cannot be understood.
    """

    def ask(iteration: int, scale: float) -> ScaleStep:
        image = preview(iteration, scale)
        answer, raw = _understood(model, subject, name, image, system)
        shown = f"{image.parent.name}/{image.name}"
        return ScaleStep(iteration, scale, answer, _text(name), raw, shown)

    return search_scale(ask, max_iterations)


def size_question(
    subject: str, name: str, image: Path, system: str = "", said: Sequence[str] = ()
) -> Question:
    """What is asked about a picture; ``said`` are the answers to it that were no verdict."""
    hint = ""
    if said:
        hint = f" You answered {excerpt(said[-1], 200)!r}; answer with the JSON object alone."
    text, attempt = _text(name) + hint, len(said)
    return Question(subject, system or SYSTEM, text, (image,), SizeVerdict, attempt=attempt)


def _text(name: str) -> str:
    return f"The object is a {name}. Is it too small, too big, or of a correct size?"


def _understood(
    model: VisionModel, subject: str, name: str, image: Path, system: str
) -> tuple[Answer, str]:
    """Ask, and ask again with the reason when the answer is not of the requested form."""
    said: list[str] = []
    for _ in range(MOST_ASKS):
        raw = model.ask(size_question(subject, name, image, system, said))
        if (verdict := parsed(SizeVerdict, raw)) is not None:
            return _ANSWERS[verdict.verdict], raw
        said.append(raw)
    raise StageError(
        f"{subject}: the vision model's answers about the scale cannot be understood: "
        f"{'; '.join(repr(excerpt(s, 200)) for s in said)}; give the object a scale, or use "
        "another model"
    )
