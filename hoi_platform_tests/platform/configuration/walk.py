"""Walks a configuration: a different valid value forevery key, and what it changes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import upstream_subject
from hoi_platform.services.platform import Platform

Own = dict[str, Any]
"""Stage → what it declares of the configuration: backend and settings."""


def declared(platform: Platform, clip: ClipId) -> Own:
    """What each stage's fingerprint holds of the configuration, without its inputs."""
    result = {}
    for name in flow_order():
        context = platform.context(upstream_subject(name, clip) or clip)
        result[name] = STAGES[name].backend(context.settings), STAGES[name].settings(context)
    return result


def fingerprints(platform: Platform, clip: ClipId) -> dict[str, str]:
    """Every stage's fingerprint."""
    stages = platform.stages(STAGES)
    return {n: stages.fingerprint(n, upstream_subject(n, clip) or clip) for n in flow_order()}


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The stages that differ."""
    return {name for name in before if before[name] != after[name]}


def below(stages: set[str], platform: Platform, clip: ClipId) -> set[str]:
    """The stages and all that is made from them with a platform's settings."""
    found = set(stages)
    for name in flow_order():
        context = platform.context(upstream_subject(name, clip) or clip)
        if found & set(STAGES[name].needed(context)):
            found.add(name)
    return found


def candidates(value: Any) -> Iterator[Any]:
    """Values of the same kind that differ; the first that loads is used."""
    return (candidate for candidate in _candidates(value) if candidate != value)


def _candidates(value: Any) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int() | float():
            yield from (value + 1, value + 2, value * 1.01, value * 0.99, value + 0.01, value - 1)
        case str():
            yield from ("#123456", value + "x", "7", "simulated", "kling-ai", "std", "static_only")
            yield from ("none", "cpu", "body", "y", "smplx", f"{value}/other")
        case list() | tuple():
            yield from ([first, *value[1:]] for first in (candidates(value[0]) if value else ["x"]))
        case dict():
            key = next(iter(value))
            yield from ({**value, key: inner} for inner in candidates(value[key]))
        case None:
            yield from (0.5, 1, "kid", [0.1, 0.2, 0.3])
        case _:
            raise TypeError(f"no candidates for {value!r}")


def raw_leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of a file with its value; lists are values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from raw_leaves(inner, (*path, key))
    else:
        yield path, value


def with_value(data: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of nested mappings with one value replaced."""
    key, *rest = path
    inner = with_value(data.get(key, {}), tuple(rest), value) if rest else value
    return {**data, key: inner}


def first_that(load: Callable[[Any], Any], values: Iterator[Any]) -> tuple[Any, Any, list[str]]:
    """The first value that loads with what it gave; the errors of the others."""
    from hoi_platform.core.errors import HoiError

    errors = []
    for value in values:
        try:
            return value, load(value), errors
        except HoiError as error:
            errors.append(str(error))
    return None, None, errors


def write_yaml(path: Path, data: Any) -> None:
    import yaml

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
