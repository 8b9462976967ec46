"""What version 1 asked the vision model, and how its answers read today.

It digested the picture's file, named the object or clip, and asked for other words.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.services.artifacts.record import ArtifactRecord, file_digest, fingerprint_of
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.ledger.carrying import Carried
from hoi_platform.services.ledger.intent import next_attempt
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.migration.folders import first_path
from hoi_platform.services.models.question import Question
from hoi_platform.services.models.refine import refinement_question
from hoi_platform.services.models.scale import MOST_ASKS, size_question

_REFINE: Final = (
    "You write prompts for an image-to-video model. You are shown the first frame of the video "
    "and a base prompt. Rewrite the prompt in at most three sentences so that it names the "
    "object and describes one plausible, calm interaction of the person with it, in the order "
    "in which it happens. Change nothing else in the scene. The camera stands still for the "
    "whole video: no motion, zoom or cut. Answer with the prompt alone."
)
_JUDGE: Final = (
    "You judge sizes. You are shown a rendered room with a person and an object on a table. "
    "Compare the object with the person and the furniture and say whether it is too small, too "
    "big, or of a correct real-world size for what it is. Answer with one word: small, big or "
    "correct."
)
_MAX_TOKENS: Final = 500
"""Limit that the first questions sent (tokens); chosen then."""
_VERDICTS: Final = {"small": "too_small", "big": "too_big", "correct": "correct"}

Today = Callable[[ClipId, str], str]
"""A clip and the base prompt that was refined for it → the one that is refined today."""
Answer = Callable[[RequestRow], str | None]
"""A row → its answer in today's form; None where it stays as it is."""


@dataclass(frozen=True)
class _Asked:
    """The parts of a question that version 1 identified it by."""

    subject: str
    model: str
    system: str
    text: str
    image: Path
    field: dict[str, Any]
    """Name and JSON schema of the one field of its answer."""
    temperature: float = 0.0
    attempt: int = 0

    def fingerprint(self) -> str:
        schema = {
            "type": "object",
            "properties": self.field,
            "required": [*self.field],
            "additionalProperties": False,
        }
        parts = [self.model, self.system, self.text, [file_digest(self.image)], schema]
        return fingerprint_of([*parts, self.temperature, _MAX_TOKENS, self.attempt, self.subject])


def asked_refinement(record: ArtifactRecord | None) -> dict[str, Any] | None:
    """The vision model's settings in a version 1 record of a refined prompt."""
    return None if record is None else record.settings.get("refinement")


def asked_scale(record: ArtifactRecord | None) -> dict[str, Any] | None:
    """The vision model's settings in a version 1 record of a scale search."""
    return None if record is None else record.settings.get("chatgpt")


def carried_refinement(
    ledger: Ledger, store: ArtifactStore, clip: ClipId, record: ArtifactRecord, today: Today
) -> Iterator[Carried]:
    """The rows of a refined prompt; the answer is the prompt that was made of it."""
    chat = record.settings["refinement"]
    frame = store.path("scene_render", "frame", clip)
    prompt = json.loads(store.path("video_prompt", "prompt", clip).read_bytes())
    name = record.settings["name"] or clip.object_id.category.replace("_", " ")
    base = prompt["base"].replace("{object}", name).replace("the object", f"the {name}")
    system = chat["prompt_refinement_system_message"]
    fields = {"prompt": {"type": "string"}}
    then = _Asked(
        first_path(clip),
        chat["model"],
        system=system or _REFINE,
        text=f"Base prompt: {base}",
        image=frame,
        field=fields,
        temperature=0.7,
    )
    now = refinement_question(clip.path, today(clip, base.strip()), frame, system)
    used = json.dumps({"prompt": prompt["text"]}) if prompt["source"] == "refined" else None
    yield from _rows(ledger, then, now, lambda _row: used)


def carried_scale(
    ledger: Ledger, store: ArtifactStore, object_id: ObjectId, record: ArtifactRecord
) -> Iterator[Carried]:
    """The rows of a scale search: every picture that was shown, every time it was asked about."""
    name = record.settings["name"] or object_id.category.replace("_", " ")
    chat = record.settings["chatgpt"]
    previews = store.path("object_scale", "previews", object_id)
    found = json.loads(store.path("object_scale", "scale", object_id).read_bytes())
    for step in found["search_history"]:
        yield from _of_picture(ledger, first_path(object_id), name, chat, step, previews)


def _of_picture(
    ledger: Ledger,
    subject: str,
    name: str,
    chat: dict[str, Any],
    step: dict[str, Any],
    previews: Path,
) -> Iterator[Carried]:
    image, system = previews / step["image"], chat["scale_evaluation_system_message"]
    fields = {"answer": {"type": "string", "enum": [*_VERDICTS]}}
    said: list[str] = []
    for attempt in range(MOST_ASKS):
        hint = ""
        if said:
            hint = f" You answered {said[-1][:200]!r}; answer with small, big or correct alone."
        text = step["prompt"] + hint
        then = _Asked(
            subject,
            chat["model"],
            system=system or _JUDGE,
            text=text,
            image=image,
            field=fields,
            temperature=0.0,
            attempt=attempt,
        )
        now = size_question(subject, name, image, system, said)
        rows = list(_rows(ledger, then, now, _verdict))
        yield from rows
        if not rows or rows[-1].row.result is None:
            return
        said.append(rows[-1].row.result)


def _rows(ledger: Ledger, then: _Asked, now: Question, answer: Answer) -> Iterator[Carried]:
    """The question's row, and those of the same question asked once more by hand."""
    first, fingerprint = then.fingerprint(), now.fingerprint(then.model)
    while (row := ledger.find(first)) is not None:
        result = None if row.result is None else answer(row)
        yield Carried(row, fingerprint, result=result)
        first, fingerprint = next_attempt(first), next_attempt(fingerprint)


def _verdict(row: RequestRow) -> str | None:
    """Only an exact answer is one; what else version 1 understood counts no longer."""
    said = (row.result or "").strip()
    exact = {form: today for word, today in _VERDICTS.items() for form in _forms(word)}
    return json.dumps({"verdict": exact[said]}) if said in exact else None


def _forms(word: str) -> tuple[str, str, str]:
    """How version 1 asked for an answer: as JSON, or in one word of an endpoint without it."""
    answer = {"answer": word}
    return word, json.dumps(answer), json.dumps(answer, separators=(",", ":"))
