"""What every configuration model shares, and how YAML becomes one of them."""

from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hoi_platform.core.errors import ConfigError


class Config(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


C = TypeVar("C", bound=Config)


def parse_config(model: type[C], data: dict[str, Any], source: str) -> C:
    """Validate ``data``; raises one ConfigError that lists all mistakes of ``source``."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [_describe(model, item) for item in error.errors()]
        raise ConfigError(f"{source}: " + "; ".join(lines)) from error


def _describe(model: type[BaseModel], item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        return f"{where}: {item['msg']} (found {item['input']!r})"
    known = _fields_at(model, item["loc"][:-1])
    close = get_close_matches(str(item["loc"][-1]), known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
    return f"{where}: unknown key; {hint}"


def _fields_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    for part in path:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
