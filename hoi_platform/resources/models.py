"""Bodies as a Dagster resource."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from hoi_platform.core.config.characters import CharacterConfig
from hoi_platform.resources.platform import PROJECT_ROOT

if TYPE_CHECKING:
    from hoi_platform.core.body.model import BodyModel


class ModelsResource(dg.ConfigurableResource):
    """Bodies, cached below HOI_CACHE_DIR (default ``.hoi_cache`` in the project)."""

    cache_dir: str = ""

    def character(self, name: str) -> "tuple[BodyModel, CharacterConfig]":
        """A shipped character's body and its configuration."""
        from hoi_platform.services.body.characters import load_character_config

        configs = Path(os.environ.get("HOI_CONFIG_DIR") or PROJECT_ROOT / "configs")
        config = load_character_config(name, configs / "characters")
        return self.body(name, config), config

    def body(self, name: str, character: CharacterConfig) -> "BodyModel":
        """The body of a character's configuration."""
        from hoi_platform.services.body.characters import body_of

        cache = self.cache_dir or os.environ.get("HOI_CACHE_DIR") or PROJECT_ROOT / ".hoi_cache"
        return body_of(name, character, Path(cache))
