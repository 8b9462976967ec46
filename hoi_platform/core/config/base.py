"""What every configuration model shares, and how YAML becomes one of them."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from hoi_platform.core.errors import ConfigError

_LONGEST_ECHO: Final = 60
"""Characters of a value that an error repeats; chosen: a prompt has hundreds."""


class Config(BaseModel):
    """A frozen model that refuses keys it does not know. A field's docstring is its description."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), use_attribute_docstrings=True
    )


C = TypeVar("C", bound=Config)


def parse_config(model: type[C], data: Any, source: str) -> C:
    """Validate ``data``; raises one ConfigError that lists all mistakes of ``source``."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [_describe(model, data, item) for item in error.errors()]
        unique = dict.fromkeys(line for line in lines if line)
        raise ConfigError(f"{source}: " + "; ".join(unique)) from error


def shortened(value: object) -> str:
    """A value as an error shows it: whole when it is short, else its beginning and length."""
    text = repr(value)
    if len(text) <= _LONGEST_ECHO:
        return text
    return f"{text[:_LONGEST_ECHO]}… ({len(text)} characters)"


def _describe(model: type[BaseModel], data: Any, item: Any) -> str | None:
    where = _where(item["loc"], data)
    if item["type"] == "value_error":
        return f"{where}: {item['ctx']['error']}" if item["loc"] else str(item["ctx"]["error"])
    if item["type"] == "literal_error":
        known = item["ctx"]["expected"].replace(" or ", ", ")
        return f"{where}: {shortened(item['input'])} is not known; known: {known}"
    if item["type"] == "model_type" and item["loc"]:
        keys = ", ".join(sorted(known_keys(model, item["loc"])))
        found = shortened(item["input"])
        return f"{where}: {found} is not a section; write its keys below it: {keys}"
    if item["type"] != "extra_forbidden":
        found = "" if item["type"] == "missing" else f" (found {shortened(item['input'])})"
        return f"{where}: {item['msg']}{found}"
    key, known = str(item["loc"][-1]), known_keys(model, item["loc"][:-1])
    # A key of one member of a Union is unknown to the others.
    return None if key in known else f"{where}: unknown key; {hint(key, known)}"


def hint(name: str, known: Sequence[str]) -> str:
    """The nearest known name, or all of them."""
    if close := get_close_matches(name, known, n=1):
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(sorted(known))}" if known else "no key is allowed here"


def _where(loc: tuple[Any, ...], data: Any) -> str:
    """The place in the file, without the marks by which pydantic distinguishes a Union's
    members."""
    parts, node = [], data
    for part in loc:
        if _is_in(node, part):
            node = node[part]
        elif part != loc[-1] or not isinstance(node, Mapping):
            continue
        parts.append(str(part))
    return ".".join(parts) or "the whole"


def _is_in(node: Any, part: Any) -> bool:
    if isinstance(node, list | tuple):
        return isinstance(part, int) and part < len(node)
    return isinstance(node, Mapping) and part in node


def known_keys(annotation: Any, path: tuple[Any, ...]) -> list[str]:
    """The keys of the models that an annotation allows at a place, through every container."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return known_keys(get_args(annotation)[0], path)
    if origin in (Union, UnionType):
        members = get_args(annotation)
        # pydantic names the member that it tried; the hint is over all of them.
        rest = (
            path[1:] if path and path[0] in [getattr(m, "__name__", m) for m in members] else path
        )
        return list(dict.fromkeys(key for m in members for key in known_keys(m, rest)))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return list(annotation.model_fields)
        field = annotation.model_fields.get(str(path[0]))
        return known_keys(field.annotation, path[1:]) if field else []
    items = [item for item in get_args(annotation) if item is not Ellipsis]
    return known_keys(items[-1], path[1:]) if path and items else []
