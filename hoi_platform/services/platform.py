"""One results folder with its configuration and catalogue: what the stages are run against."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.settings import Profile, Settings, resolve_settings
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.scene.templates import SceneTemplate
from hoi_platform.services.artifacts.stages import Context, Stage, Stages
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.meshes.catalogue import Catalogue

# Task → the names of its two configuration files.
TASKS: Final[dict[str, tuple[str, str]]] = {
    "manipulation": ("manipulation", "manip_anny"),
}


@dataclass(frozen=True)
class Platform:
    """Results, configuration files and the flags laid over them.

    ``gen_config`` and ``recon_config`` replace the task's own files; ``overrides`` are laid over
    file and profile (see ``core.config.settings.resolve_settings``).
    """

    results_dir: Path
    config_dir: Path
    profile: Profile = "full"
    gen_config: Path | None = None
    recon_config: Path | None = None
    overrides: dict[str, Any] | None = None
    files_url: str | None = None
    """Where ``hoi serve`` or another web server shows ``results_dir``."""

    @cached_property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.results_dir)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.config_dir / "objects", self.results_dir / "catalogue")

    def settings(self, task: str) -> Settings:
        """The settings of a task; ConfigError when the task or a file's content is unknown."""
        if task not in TASKS:
            raise ConfigError(f"unknown task {task!r}; known: {', '.join(sorted(TASKS))}")
        gen_name, recon_name = TASKS[task]
        gen = self.gen_config or self.config_dir / "gen_2dhoi" / f"{gen_name}.yaml"
        recon = self.recon_config or self.config_dir / "recon_4dhoi" / f"{recon_name}.yaml"
        return resolve_settings(
            self.profile, _read_yaml(gen), _read_yaml(recon), self.overrides or {}
        )

    def clip(self, object_id: ObjectId, seed: int) -> ClipId:
        """The clip of an object and a seed with today's character and scene."""
        entry = self.catalogue.get(object_id)
        character = self.settings(object_id.task).gen_2dhoi.character
        return ClipId(object_id, character, entry.scene, seed)

    def scene_template(self, name: str) -> SceneTemplate:
        """``configs/scenes/<name>.yaml``; ConfigError lists the known scenes."""
        path = self.config_dir / "scenes" / f"{name}.yaml"
        if not path.is_file():
            known = sorted(file.stem for file in path.parent.glob("*.yaml"))
            raise ConfigError(f"unknown scene {name!r}; known: {', '.join(known)}")
        return parse_config(SceneTemplate, _read_yaml(path), str(path))

    def made_clips(self) -> list[ClipId]:
        """Today's clips of which at least the scene has been rendered."""
        return [
            clip
            for object_id in sorted(self.catalogue.entries())
            for seed in range(1, 17)
            if self.store.record("scene_render", clip := self.clip(object_id, seed))
        ]

    def stages(self, table: dict[str, Stage]) -> Stages:
        """The chain over this results folder, judged with today's files."""
        return Stages(table, self.store, cache(self._context))

    def _context(self, subject: ObjectId | ClipId) -> Context:
        object_id = subject.object_id if isinstance(subject, ClipId) else subject
        entry = self.catalogue.get(object_id)
        return Context(
            settings=self.settings(object_id.task),
            entry=entry,
            entry_digest=self.catalogue.source_digest(object_id),
            grasp=self.catalogue.grasp(object_id),
            subject=subject,
        )


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text()) or {}
    except FileNotFoundError as error:
        raise ConfigError(f"no configuration file {path}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not readable YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds a {type(data).__name__}, not a mapping")
    return data
