"""YAML files as mappings and models; a file is read again only when it changed."""

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from hoi_platform.core.config.base import Config, parse_config
from hoi_platform.core.errors import ConfigError

C = TypeVar("C", bound=Config)


def read_config(model: type[C], file: Path) -> C:
    """A YAML file as a model. Raises ConfigError that names the file and lists its mistakes."""
    parsed = _parsed(model, file, *_stamp(file))
    assert isinstance(parsed, model)
    return parsed


def read_mapping(file: Path) -> dict[str, Any]:
    """A YAML file's content; an empty file is an empty mapping. Not to be changed.

    Raises ConfigError that names the file.
    """
    return _mapping(file, *_stamp(file))


def _stamp(file: Path) -> tuple[int, int, int]:
    """What distinguishes a changed file from the one that was read."""
    try:
        info = file.stat()
    except OSError as error:
        raise ConfigError(f"no configuration file {file}; check the path") from error
    return info.st_mtime_ns, info.st_size, info.st_ino


@lru_cache(maxsize=4096)
def _parsed(model: type[Config], file: Path, *stamp: int) -> Config:
    return parse_config(model, _mapping(file, *stamp), str(file))


@lru_cache(maxsize=4096)
def _mapping(file: Path, *_stamp: int) -> dict[str, Any]:
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{file} is not readable YAML: {reason}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{file} holds a {type(data).__name__}, not a mapping of keys")
    if odd := [key for key in data if not isinstance(key, str)]:
        raise ConfigError(f"{file}: the key {odd[0]!r} is not a string; put it in quotes")
    return data
