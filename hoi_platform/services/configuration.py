"""The configuration folder: where the files that a setting names are found, and their content."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.config.characters import CharacterConfig
from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.scene.kind import parse_template
from hoi_platform.core.scene.templates import SceneTemplate
from hoi_platform.services.yaml_files import read_config, read_mapping

_CONFIGS: Final = "configs/"
# Values of GRAIL's files that stand for its own shipped data: here, for the platform's own.
_GRAIL_SHIPPED: Final = frozenset(
    {"data/characters", "configs/scenes/default.yaml", "configs/scenes/pickup.yaml"}
)


@dataclass(frozen=True)
class ConfigFiles:
    """Scenes, characters and catalogues of one configuration folder (``configs``).

    A path that a file gives is below this folder when it begins with ``configs/``, else relative
    to the working directory.
    """

    folder: Path
    settings_file: Path
    """Where the names come from, for errors."""

    def resolved(self, path: str) -> Path:
        """The place that a configured path means."""
        if path.startswith(_CONFIGS):
            return self.folder / path.removeprefix(_CONFIGS)
        return Path(path).expanduser().absolute()

    def character(self, config: Gen2DHOIConfig) -> CharacterConfig:
        """The person who acts. Raises ConfigError with the known names."""
        own = self._searched("character_dir", config.character_dir)
        return load_character_config(config.character, *own, self.folder / "characters")

    def scene(self, config: Gen2DHOIConfig, name: str) -> SceneTemplate:
        """``<name>.yaml`` of scene_config or of ``configs/scenes``.

        Raises ConfigError with the known names, and for a file that holds another scene.
        """
        found = self._searched("scene_config", config.scene_config)
        if found and found[0].is_file():
            return _named(found[0], name)
        folders = [*found, self.folder / "scenes"]
        for folder in folders:
            if (path := folder / f"{name}.yaml").is_file():
                return _named(path, name)
        known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
        raise ConfigError(f"unknown scene {name!r}; known: {', '.join(known)}")

    def catalogue_file(self, object_config: str) -> Path | None:
        """A catalogue file besides those of ``configs/objects``; None for one of these."""
        path = self.resolved(object_config)
        if not path.is_file():
            raise ConfigError(
                f"{self.settings_file}: object_config: no file {path}; add the catalogue there, or "
                f"remove the key: the files of {self.folder / 'objects'} are always read"
            )
        return None if path.parent == self.folder / "objects" else path

    def _searched(self, key: str, value: str) -> list[Path]:
        """What a key adds in front of the platform's own folder."""
        path = self.resolved(value)
        if path.exists():
            return [path]
        if value in _GRAIL_SHIPPED:
            return []
        raise ConfigError(
            f"{self.settings_file}: {key}: there is no {path}; correct the path, or remove the key "
            f"to use {self.folder}"
        )


def _named(path: Path, name: str) -> SceneTemplate:
    template = parse_template(read_mapping(path), str(path))
    if template.name != name:
        raise ConfigError(
            f"{path}: name: the file holds the scene {template.name!r}, but {name!r} is requested; "
            "give both the same name"
        )
    return template


def load_character_config(name: str, *folders: Path) -> CharacterConfig:
    """``<name>.yaml`` of the first folder that has it; raises ConfigError with the known names."""
    path = next((f / f"{name}.yaml" for f in folders if (f / f"{name}.yaml").is_file()), None)
    if path is None:
        names = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
        raise ConfigError(
            f"no character {name!r} in {' or '.join(dict.fromkeys(map(str, folders)))}; "
            f"available: {', '.join(names) or 'none'}"
        )
    return read_config(CharacterConfig, path)
