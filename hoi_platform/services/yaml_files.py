"""YAML files as mappings and models; a file is read again only when it changed."""

from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from hoi_platform.core.config.base import Config, parse_config
from hoi_platform.core.errors import ConfigError
from hoi_platform.services.artifacts.file_state import once

C = TypeVar("C", bound=Config)

_DEEPEST: Final = 4_000
"""Levels of nesting that libyaml reads safely (it recurses on the stack, and 100,000 end the
process); measured: 5,000 are read with a stack of 8 MB."""


def read_config(model: type[C], file: Path) -> C:
    """A YAML file as a model. Raises ConfigError that names the file and lists its mistakes."""
    parsed = once(
        ("model", model, file), [file], lambda: parse_config(model, read_mapping(file), str(file))
    )
    assert isinstance(parsed, model)
    return parsed


def read_mapping(file: Path) -> dict[str, Any]:
    """A YAML file's content; an empty file is an empty mapping. Not to be changed.

    Raises ConfigError that names the file.
    """
    try:
        file.stat()
    except OSError as error:
        raise ConfigError(f"no configuration file {file}; check the path") from error
    return once(("mapping", file), [file], lambda: _mapping(file))


def _mapping(file: Path) -> dict[str, Any]:
    try:
        data = _loaded(file.read_text(encoding="utf-8"))
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


def _loaded(text: str) -> Any:
    """By libyaml where it is installed, unless the text might be nested so deeply that it crashes.

    Every level opens a bracket, or stands further right.
    """
    widest = max(map(len, text.splitlines()), default=0)
    if text.count("[") + text.count("{") + widest > _DEEPEST:
        return yaml.safe_load(text)
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
