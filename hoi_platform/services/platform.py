"""One results folder with its configuration and catalogue: what the stages are run against."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.clip import MAX_SEED, ClipId, ObjectId, seed_key
from hoi_platform.core.config.settings import Profile, Settings, merged, resolve_settings
from hoi_platform.core.config.support import refusals
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.filtering.registry import skipped_checks
from hoi_platform.core.task import TASKS
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.file_state import once
from hoi_platform.services.artifacts.stages import Stage, Stages
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.artifacts.summaries import ObjectRecords
from hoi_platform.services.backends.chosen import model_mistakes, unknown_backends
from hoi_platform.services.configuration import ConfigFiles
from hoi_platform.services.launched_settings import LaunchedSettings, differences
from hoi_platform.services.meshes.catalogue import Catalogue
from hoi_platform.services.yaml_files import read_mapping

_SHOWN: Final = 12
"""Characters of a snapshot's digest that are shown; chosen."""


@dataclass(frozen=True)
class Platform:
    """Results, configuration files and the flags that override them.

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
    force: frozenset[str] = frozenset()
    """Stages that are made again although they are done."""
    buy_again: bool = False
    """Whether a clip that has a bought video may get another one."""
    launch: str = ""
    """The launch whose settings count; empty: today's."""

    @cached_property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.results_dir)

    @cached_property
    def catalogue(self) -> Catalogue:
        found = [
            self.files(task).catalogue_file(self.settings(task).gen_2dhoi.object_config)
            for task in TASKS.rows()
        ]
        more = [file for file in dict.fromkeys(found) if file is not None]
        return Catalogue(self.config_dir / "objects", self.results_dir / "catalogue", more)

    def files(self, task: str) -> ConfigFiles:
        """The files that a task's settings name."""
        return ConfigFiles(self.config_dir, self.config_paths(task)[0])

    def settings(self, task: str) -> Settings:
        """The settings of a task, read once; ConfigError for an unknown task or content."""
        if task not in self._settings:
            self._settings[task] = self._read_settings(task)
        return self._settings[task]

    @cached_property
    def _settings(self) -> dict[str, Settings]:
        return {}

    def _read_settings(self, task: str) -> Settings:
        """Today's, or those that the launch began with."""
        if not self.launch:
            return self._todays_settings(task)
        launched = LaunchedSettings(self.results_dir, self.launch)
        pinned = launched.find(task) or launched.pin(task, self._todays_settings(task))
        return pinned.settings

    def settings_note(self, task: str) -> dict[str, str]:
        """Which snapshot a launch goes by, and where today's settings differ from it."""
        if not self.launch:
            return {}
        pinned = LaunchedSettings(self.results_dir, self.launch).find(task)
        if pinned is None:
            return {}
        note = {"settings": pinned.digest[:_SHOWN]}
        if all(file.stat().st_mtime_ns <= pinned.at_ns for file in self.config_paths(task)):
            return note
        changed = differences(pinned.settings, self._todays_settings(task))
        return note | ({"settings_today": changed} if changed else {})

    def _todays_settings(self, task: str) -> Settings:
        gen, recon = self.config_paths(task)
        layers = [task, self.profile, str(self.gen_config), repr(self.overrides)]
        name = ("settings", gen, recon, *layers, repr(TASKS.find(task)))
        settings = once(name, [gen, recon], lambda: self._resolved(task))
        if settings.gen_2dhoi.task not in (None, task):
            raise ConfigError(
                f"{gen}: task: the file is for {settings.gen_2dhoi.task!r}, but {task!r} is "
                f"requested; pass --task {settings.gen_2dhoi.task}, or another file with --config"
            )
        self._raise(task, list(unknown_backends(settings)))
        return settings

    def _resolved(self, task: str) -> Settings:
        gen, recon = self.config_paths(task)
        contents = self._gen_content(task), read_mapping(recon)
        sources = (str(gen), str(recon))
        return resolve_settings(self.profile, *contents, self.overrides or {}, sources)

    def _gen_content(self, task: str) -> dict[str, Any]:
        """The 2D stage's file; over the one that a task names, the task lays its own values."""
        content = read_mapping(self.config_paths(task)[0])
        return content if self.gen_config else merged(content, TASKS.find(task).layer())

    def config_paths(self, task: str) -> tuple[Path, Path]:
        """The two configuration files of a task."""
        row = TASKS.find(task)
        return (
            self.gen_config or self.config_dir / "gen_2dhoi" / f"{row.gen_config}.yaml",
            self.recon_config or self.config_dir / "recon_4dhoi" / f"{row.recon_config}.yaml",
        )

    def configured_results_dir(self) -> Path | None:
        """``results_dir`` of the configuration files. Raises ConfigError where they disagree."""
        found: dict[Path, str] = {}
        for task in TASKS.rows():
            settings = self.settings(task)
            configured = (settings.gen_2dhoi.results_dir, settings.recon_4dhoi.paths.results_dir)
            for file, value in zip(self.config_paths(task), configured, strict=True):
                if value is not None:
                    found[Path(value).expanduser().absolute()] = str(file)
        if len(found) > 1:
            places = "; ".join(f"{folder} in {file}" for folder, file in found.items())
            raise ConfigError(f"results_dir differs: {places}; pass --results_dir")
        return next(iter(found), None)

    def require_supported(self, task: str, stages: Collection[str]) -> None:
        """Raises ConfigError that names every value that one of the stages cannot honor."""
        if "filtered_hoi" in stages:
            skipped_checks(TASKS.find(task))
        settings = self.settings(task)
        found = [(r.path, str(r)) for r in refusals(settings, stages)]
        found += model_mistakes(settings, stages)
        self._raise(task, found)

    def require_known(self, object_ids: Iterable[ObjectId]) -> None:
        """Raises BadInputError or ConfigError for an object that is not in the catalogue, and for a
        character or scene that no file describes."""
        for object_id in object_ids:
            context = self.context(object_id)
            assert context.scene
            assert context.character

    def _raise(self, task: str, mistakes: Sequence[tuple[str, str]]) -> None:
        """One ConfigError of keys and what is wrong with them, if there are any."""
        if mistakes:
            texts = [f"{self._source(task, path)}: {text}" for path, text in mistakes]
            raise ConfigError("; ".join(texts))

    def _source(self, task: str, path: str) -> str:
        """The file that a value came from, or the flag's layer above it."""
        section, *parts = path.split(".")
        file = self.config_paths(task)[section == "recon_4dhoi"]
        value: Any = (self.overrides or {}).get(section, {})
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        return str(file) if value is None else "command-line flags"

    def clip(self, object_id: ObjectId, seed: int) -> ClipId:
        """The clip of an object and a seed with today's character and scene."""
        character = self.settings(object_id.task).gen_2dhoi.character
        return ClipId(object_id, character, self.scene_name(object_id), seed)

    def scene_name(self, object_id: ObjectId) -> str:
        """The configured scene, else that of the catalogue's entry."""
        configured = self.settings(object_id.task).gen_2dhoi.scene
        return configured or self.catalogue.get(object_id).scene

    def clips_with(self, asset: str, object_id: ObjectId) -> list[ClipId]:
        """Today's clips of an object of which ``asset`` has been made, by seed."""
        return self.clips_among(self.store.summaries.of_object(object_id.path), object_id, asset)

    def clips_among(
        self, records: ObjectRecords, object_id: ObjectId, *assets: str
    ) -> list[ClipId]:
        """Today's clips of an object, by seed, that have a record of one of these assets."""
        first = self.clip(object_id, 1)
        head = first.name.removesuffix(seed_key(1))
        made = records.names(*assets)
        seeds = [seed for seed in range(1, MAX_SEED + 1) if head + seed_key(seed) in made]
        return [replace(first, seed=seed) for seed in seeds]

    def made_objects(self) -> Iterator[tuple[ObjectId, ObjectRecords]]:
        """The catalogue's objects of which anything was made, with their records, sorted."""
        summaries = self.store.summaries
        made = set(summaries.objects())
        for object_id in self.catalogue.entries():
            if object_id.path in made:
                yield object_id, summaries.of_object(object_id.path)

    def stages(self, table: dict[str, Stage]) -> Stages:
        """The chain over this results folder, judged with today's files."""
        of_object = cache(self.context)

        @cache
        def context(subject: ObjectId | ClipId) -> Context:
            """What is read for an object is read once for all of its clips."""
            if isinstance(subject, ClipId):
                return of_object(subject.object_id).at(subject)
            return of_object(subject)

        return Stages(table, self.store, context)

    def context(self, subject: ObjectId | ClipId) -> Context:
        """What the stages' settings are computed from."""
        object_id = subject.object_id if isinstance(subject, ClipId) else subject
        return Context(
            settings=self.settings(object_id.task),
            entry=self.catalogue.get(object_id),
            catalogue=self.catalogue,
            files=self.files(object_id.task),
            scene_name=self.scene_name(object_id),
            subject=subject,
        )
