"""Prompts for the video model."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

from hoi_platform.core.clip import ClipId
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


def template_prompt(base_prompts: Sequence[str], object_name: str, clip: ClipId) -> Prompt:
    """A base prompt, chosen by the clip's identity, with the object's name filled in."""
    if not base_prompts:
        raise ConfigError("video.base_prompt is empty; give at least one prompt")
    index = int.from_bytes(sha256(clip.path.encode()).digest()[:4], "big") % len(base_prompts)
    base = base_prompts[index]
    text = base.replace("{object}", object_name).replace("the object", f"the {object_name}")
    return Prompt(base=base, text=text.strip(), source="template")
