"""The metric scale of an object by a vision model's eye."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.scene.scale_search import (
    Answer,
    ScaleSearch,
    ScaleStep,
    parse_answer,
    search_scale,
)
from hoi_platform.services.blender.conditioning import SceneInputs
from hoi_platform.services.blender.preview import scale_preview
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.meshes.scale import ObjectScale
from hoi_platform.services.models.vision_model import Question, VisionModel

SYSTEM: Final = (
    "You judge sizes. You are shown a rendered room with a person and an object on a table. "
    "Compare the object with the person and the furniture and say whether it is too small, too "
    "big, or of a correct real-world size for what it is. Answer with one word: small, big or "
    "correct."
)
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": ["small", "big", "correct"]}},
    "required": ["answer"],
    "additionalProperties": False,
}
_ASKS: Final = 3


def searched_scale(
    model: VisionModel,
    blender: BlenderService,
    inputs: SceneInputs,
    name: str,
    config: Gen2DHOIConfig,
    previews: Path,
) -> ObjectScale:
    """The scale that the model finds right; every picture it saw is kept in ``previews``."""
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
        text = f"The object is a {name}. Is its size small, big or correct?"
        answer, raw = _understood(model, subject, system or SYSTEM, text, image)
        shown = f"{image.parent.name}/{image.name}"
        return ScaleStep(iteration, scale, answer, text, raw, shown)

    return search_scale(ask, max_iterations)


def _understood(
    model: VisionModel, subject: str, system: str, text: str, image: Path
) -> tuple[Answer, str]:
    """Ask, and ask again with the reason when the answer is none of the three words."""
    said: list[str] = []
    for attempt in range(_ASKS):
        hint = ""
        if said:
            hint = f" You answered {said[-1][:200]!r}; answer with small, big or correct alone."
        raw = model.ask(Question(subject, system, text + hint, (image,), _SCHEMA, attempt=attempt))
        if (answer := parse_answer(_word(raw))) is not None:
            return answer, raw
        said.append(raw)
    raise StageError(
        f"{subject}: the vision model's answers about the scale cannot be understood: "
        f"{'; '.join(repr(s[:200]) for s in said)}; give the object a scale, or use "
        "another model"
    )


def _word(raw: str) -> str:
    try:
        data = json.loads(raw)
    except ValueError:
        return raw
    return str(data.get("answer", "")) if isinstance(data, dict) else raw
