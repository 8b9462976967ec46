"""Bodies and reconstruction models as a Dagster resource."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from hoi_platform.core.config.characters import CharacterConfig
from hoi_platform.resources.platform import PROJECT_ROOT

if TYPE_CHECKING:
    from hoi_platform.core.body.model import BodyModel


class ModelsResource(dg.ConfigurableResource):
    """Characters by name, cached below HOI_CACHE_DIR (default ``.hoi_cache`` in the project)."""

    cache_dir: str = ""
    character_dir: str = ""

    @property
    def _characters(self) -> Path:
        configs = os.environ.get("HOI_CONFIG_DIR") or PROJECT_ROOT / "configs"
        return Path(self.character_dir or Path(configs) / "characters")

    def character(self, name: str) -> "tuple[BodyModel, CharacterConfig]":
        """A character's body and its configuration."""
        from hoi_platform.services.body.characters import load_character, load_character_config

        cache = self.cache_dir or os.environ.get("HOI_CACHE_DIR") or PROJECT_ROOT / ".hoi_cache"
        body = load_character(name, self._characters, Path(cache))
        return body, load_character_config(name, self._characters)
