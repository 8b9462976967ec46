"""The real characters, built once per machine into the project's ignored cache."""

from functools import cache
from pathlib import Path

from hoi_platform.core.body.model import BodyModel
from hoi_platform.services.body.characters import load_character

ROOT = Path(__file__).parents[1]
CHARACTERS = ROOT / "configs" / "characters"


@cache
def person(name: str = "kid") -> BodyModel:
    """A character of ``configs/characters``."""
    return load_character(name, CHARACTERS, ROOT / ".hoi_cache")
