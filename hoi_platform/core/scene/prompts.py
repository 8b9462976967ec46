"""Prompts for the video model."""

from collections.abc import Sequence
from typing import Literal

from hoi_platform.core.config.base import Config
from hoi_platform.core.errors import ConfigError


class Prompt(Config):
    """What is sent, and what it came from."""

    base: str
    text: str
    source: Literal["template", "refined", "base"]
    """``base``: a refinement was asked for and could not be used."""
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
