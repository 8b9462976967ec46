"""Catalogue files on disk."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import yaml

from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.base import Config, parse_config
from hoi_platform.core.config.objects import ObjectEntry, ObjectsFile
from hoi_platform.core.errors import ConfigError
from hoi_platform.services.artifacts.files import write_whole

C = TypeVar("C", bound=Config)


@dataclass(frozen=True)
class Located:
    """An entry and the file that it stands in."""

    entry: ObjectEntry
    file: Path


def read_objects(file: Path) -> dict[ObjectId, Located]:
    """The entries of one catalogue file. Raises ConfigError that lists its mistakes."""
    content = read_config(ObjectsFile, file)
    dataset = content.dataset or file.stem
    return {
        ObjectId(dataset, category, entry.task): Located(entry, file)
        for category, entry in content.objects.items()
    }


def write_objects(file: Path, object_id: ObjectId, entry: ObjectEntry) -> None:
    """A catalogue file with one entry; what has its default value is left out."""
    fields = entry.model_dump(mode="json", exclude_defaults=True)
    data = {"dataset": object_id.dataset, "objects": {object_id.category: fields}}
    write_whole(file, yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def read_config(model: type[C], file: Path) -> C:
    """A YAML file as a model; read again only when it changed."""
    try:
        info = file.stat()
    except OSError as error:
        raise ConfigError(f"no configuration file {file}") from error
    parsed = _parse(model, file, info.st_mtime_ns, info.st_size)
    assert isinstance(parsed, model)
    return parsed


@lru_cache(maxsize=4096)
def _parse(model: type[Config], file: Path, mtime_ns: int, size: int) -> Config:
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not readable YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{file} holds a {type(data).__name__}, not a mapping")
    return parse_config(model, data, str(file))
