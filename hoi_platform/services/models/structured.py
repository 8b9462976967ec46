"""Answers of a fixed form: the JSON schema that is requested, and its strict parsing."""

import json
import re
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

T = TypeVar("T", bound="StructuredAnswer")

_FENCED: Final = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n\s*```\s*", re.DOTALL)


class StructuredAnswer(BaseModel):
    """One JSON object with these fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def response_format(kind: type[StructuredAnswer]) -> dict[str, Any]:
    """The ``response_format`` of a request."""
    schema = {"name": "answer", "strict": True, "schema": _schema(kind)}
    return {"type": "json_schema", "json_schema": schema}


def instruction(kind: type[StructuredAnswer]) -> str:
    """The same in words, for endpoints without structured output."""
    return (
        "Answer with one JSON object that satisfies this schema, and with nothing else: "
        f"{json.dumps(_schema(kind), sort_keys=True)}"
    )


def parsed(kind: type[T], text: str) -> T | None:
    """The answer in a text that is one JSON object (a code block around it is allowed), else None.

    An object inside other words, an unknown field or a repeated one is not an answer.
    """
    fenced = _FENCED.fullmatch(text)
    try:
        value = json.loads(fenced.group(1) if fenced else text, object_pairs_hook=_unique)
        return kind.model_validate(value)
    except (ValueError, ValidationError, RecursionError):
        return None


def _schema(kind: type[StructuredAnswer]) -> dict[str, Any]:
    """Without titles and descriptions, which are for readers of the code."""
    schema = kind.model_json_schema()
    properties = {
        name: {key: value for key, value in field.items() if key not in ("title", "description")}
        for name, field in schema["properties"].items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a field is repeated")
    return value
