"""Which values of a configuration this platform refuses, and what each key does."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from hoi_platform.core.config.base import Config, shortened
from hoi_platform.core.config.keys import Key, key_of
from hoi_platform.core.config.settings import Settings


@dataclass(frozen=True)
class Refusal:
    """A value that a stage does not support."""

    path: str
    """With its section: ``gen_2dhoi.simulation.save_usd``."""
    value: Any
    key: Key

    def __str__(self) -> str:
        name = self.path.partition(".")[2]
        stages = " and ".join(self.key.refused_by)
        return f"{name}: {shortened(self.value)} is not supported by {stages}; {self.key.cure}"


def refusals(settings: Settings, stages: Collection[str]) -> list[Refusal]:
    """The values that have to be changed before ``stages`` can be made."""
    found = []
    for section in ("gen_2dhoi", "recon_4dhoi"):
        for path, value in leaves(getattr(settings, section), section):
            key = key_of(path)
            if not set(key.refused_by).isdisjoint(stages) and not key.is_accepted(value):
                found.append(Refusal(path, value, key))
    return found


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every key with its value; lists and None are values, models and mappings are not."""
    if isinstance(value, BaseModel):
        extra = value.model_extra or {}
        for name in [*type(value).model_fields, *extra]:
            yield from leaves(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}")
    else:
        yield path, value


def description(model: type[Config], path: str) -> str:
    """A key's docstring; empty for a parameter of a loss term."""
    current: Any = model
    field = None
    for part in path.split("."):
        fields = getattr(current, "model_fields", {})
        if part in fields:
            field = fields[part]
            current = _inner(field.annotation)
    return " ".join((field.description or "").split()) if field else ""


def _inner(annotation: Any) -> Any:
    """The model behind an annotation: a dictionary's values, an Optional's content."""
    arguments = getattr(annotation, "__args__", ())
    models = [a for a in arguments if isinstance(a, type) and issubclass(a, BaseModel)]
    return models[0] if models else annotation
