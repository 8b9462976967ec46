"""Prompts for the video model: made from templates, and what is demanded of a refined one."""

import re
from collections.abc import Callable, Sequence
from typing import Final, Literal

from hoi_platform.core.config.base import Config
from hoi_platform.core.errors import ConfigError

LONGEST: Final = 2400
"""Characters; Kling accepts 2,500, less the negative prompt that is appended."""
SHORTEST_NAME: Final = 3
"""Number of letters of a word by which the object is recognized, at least; chosen: "of" is none."""

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_CAMERA: Final = re.compile(r"\b(camera|shot|lens|view|viewpoint|framing|footage|tripod)\b", re.I)
_STATIC: Final = re.compile(
    r"(^|[,;:]|\b(and|while|as|with)\b)\s*(the\s+|a\s+|its\s+)?"
    r"(camera|shot|lens|view|viewpoint|framing|footage)\s+([\w-]+\s+){0,4}?"
    r"(static|still|fixed|stationary|motionless|unmoving|locked|on a tripod)\b"
    r"|\b(static|fixed|stationary|locked[- ]off)\s+(\w+\s+)?"
    r"(camera|shot|view|lens|framing|tripod)\b"
    r"|\b(no|without( any)?) camera (motion|movement)\b"
    r"|\bcamera (does not|doesn't|never) moves?\b",
    re.I,
)
_NOT_STATIC: Final = re.compile(
    r"\b(not|never|no longer|isn't|hardly|anything but|instead of|rather than|until)\b"
    r"[^.,;]*\b(static|still|fixed|stationary|motionless|tripod)\b",
    re.I,
)
_EXCLUDED_MOVE: Final = re.compile(
    r"\b(no|without|never|nor|or|does not|doesn't|do not|avoids?|zero)\s+"
    r"(any\s+|a\s+|camera\s+|lens\s+)*[\w-]+",
    re.I,
)
_MOVE: Final = re.compile(
    r"\b(zoom|pan(s|ned|ning)?\b|tilt|track|doll(y|ie)|orbit|follow|push|pull|mov|sweep|rotat|"
    r"circl|crane|shak|handheld|cuts?\b|glid|drift|clos(er|es? in)|fl(y|ies)\b|spin)",
    re.I,
)
_MARKUP: Final = re.compile(r"<\s*[a-z!/][^>]*>|[{}]|https?://|```", re.I)
_FIRST_PERSON: Final = re.compile(r"\bI\b|\bI['’](m|ll|ve)\b")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffd\ud800-\udfff]")


class Prompt(Config):
    """What is sent, and what it came from."""

    base: str
    """The prompt before refinement."""
    text: str
    """What is sent."""
    source: Literal["template", "refined", "base"]
    """``base``: a refinement was requested and could not be used."""
    reason: str = ""
    """Why it could not."""

    @property
    def refined(self) -> bool:
        """Whether the text is the model's."""
        return self.source == "refined"


def template_prompt(base_prompts: Sequence[str], object_name: str, seed: int) -> Prompt:
    """The base prompt that ``seed`` chooses, with the object's name filled in."""
    if not base_prompts:
        raise ConfigError("video.base_prompt is empty; give at least one prompt")
    base = base_prompts[seed % len(base_prompts)]
    text = base.replace("{object}", object_name).replace("the object", f"the {object_name}")
    return Prompt(base=base, text=text.strip(), source="template")


def refinement_problem(text: str, names: Sequence[str]) -> str:
    """Why the text is no prompt for a video of the object; empty when it is one.

    ``names`` are the object's category and its synonyms; a word of one of them has to occur.
    """
    for problem in _CHECKS:
        if found := problem(text, names):
            return found
    return ""


def _length(text: str, _names: Sequence[str]) -> str:
    if not text.strip():
        return "the text is empty"
    if len(text) > LONGEST:
        return f"the text has {len(text)} characters, {LONGEST} are allowed"
    return ""


def _form(text: str, _names: Sequence[str]) -> str:
    if found := _MARKUP.search(text) or _UNPRINTABLE.search(text):
        return f"the text is no plain description (it contains {found.group()[:40]!r})"
    if _FIRST_PERSON.search(text):
        return "the text speaks for the model itself instead of describing a scene"
    return ""


def _object(text: str, names: Sequence[str]) -> str:
    words = {
        word for name in names for word in re.findall(r"[^\W\d_]+", name.lower())
        if len(word) >= SHORTEST_NAME
    }  # fmt: skip
    if any(re.search(rf"\b{re.escape(word)}(s|es)?\b", text.lower()) for word in words):
        return ""
    return f"the text does not name the object ({', '.join(sorted(words))})"


def _camera(text: str, _names: Sequence[str]) -> str:
    sentences = [s for s in _SENTENCE_END.split(text) if _CAMERA.search(s)]
    for sentence in sentences:
        if _MOVE.search(_EXCLUDED_MOVE.sub("", sentence)) or _NOT_STATIC.search(sentence):
            return f"the text moves the camera: {sentence[:200]!r}"
    if not any(_STATIC.search(sentence) for sentence in sentences):
        return "the text does not demand a static camera"
    return ""


_CHECKS: Final[tuple[Callable[[str, Sequence[str]], str], ...]] = (_length, _form, _object, _camera)
