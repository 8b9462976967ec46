"""Catalogue files on disk: good entries, and what is wrong with the others."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.base import hint, parse_config
from hoi_platform.core.config.objects import ObjectEntry, ObjectsFile
from hoi_platform.core.errors import BadInputError, ConfigError
from hoi_platform.services.artifacts.file_state import once
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.yaml_files import read_mapping


@dataclass(frozen=True)
class Located:
    """An entry and its file."""

    entry: ObjectEntry
    file: Path


@dataclass(frozen=True)
class BadEntry:
    """An entry that cannot be used."""

    file: Path
    dataset: str
    category: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: objects.{self.category}: {self.reason}"


@dataclass(frozen=True)
class ObjectsRead:
    """What one catalogue file holds."""

    entries: dict[ObjectId, Located] = field(default_factory=dict)
    bad: list[BadEntry] = field(default_factory=list)


def read_objects(file: Path) -> ObjectsRead:
    """The entries of one catalogue file; a bad entry leaves the others usable.

    Raises ConfigError for a file that is not a catalogue at all.
    """
    return once(("objects", file), [file], lambda: _read_objects(file))


def _read_objects(file: Path) -> ObjectsRead:
    data = read_mapping(file)
    known = list(ObjectsFile.model_fields)
    if unknown := [key for key in data if key not in known]:
        raise ConfigError(f"{file}: {unknown[0]}: unknown key; {hint(unknown[0], known)}")
    objects, dataset = data.get("objects"), data.get("dataset") or file.stem
    if not isinstance(objects, dict) or not isinstance(dataset, str):
        raise ConfigError(
            f"{file}: a catalogue needs `objects:`, a mapping from category to entry, and a "
            "text as `dataset:` where it has one"
        )
    result = ObjectsRead()
    for category, fields in objects.items():
        try:
            object_id, entry = _entry(dataset, category, fields)
        except (BadInputError, ConfigError) as error:
            result.bad.append(BadEntry(file, dataset, str(category), str(error)))
        else:
            result.entries[object_id] = Located(entry, file)
    return result


def _entry(dataset: str, category: object, fields: Any) -> tuple[ObjectId, ObjectEntry]:
    if not isinstance(category, str):
        raise ConfigError(f"the category {category!r} is not a string; put it in quotes")
    entry = parse_config(ObjectEntry, {} if fields is None else fields, "entry")
    return ObjectId(dataset, category, entry.task), entry


def write_objects(file: Path, object_id: ObjectId, entry: ObjectEntry) -> None:
    """A catalogue file with one entry; what has its default value is left out."""
    fields = entry.model_dump(mode="json", exclude_defaults=True)
    data = {"dataset": object_id.dataset, "objects": {object_id.category: fields}}
    write_whole(file, yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
