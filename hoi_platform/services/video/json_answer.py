"""The JSON of an answer, made safe to keep: bounded in depth, without what no database stores."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Final

MOST_LEVELS: Final = 40
"""Levels of nesting; chosen: answers have up to six."""
_UNSTORABLE: Final = re.compile("[\ud800-\udfff\0]")


class UnreadableJsonError(ValueError):
    """The body is not a JSON object that can be kept."""


def parse_object(body: bytes, secrets: Sequence[str] = ()) -> dict[str, Any]:
    """The object in ``body``, without ``secrets``. Raises UnreadableJsonError.

    Lone surrogates and NUL become U+FFFD, which no database refuses; infinities and NaN, which
    JSON does not know, become text.
    """
    try:
        value = _storable(json.loads(body), secrets, MOST_LEVELS)
    except (ValueError, RecursionError) as error:
        raise UnreadableJsonError(type(error).__name__) from error
    if not isinstance(value, dict):
        raise UnreadableJsonError(f"a JSON {type(value).__name__}")
    return value


def _storable(value: Any, secrets: Sequence[str], levels: int) -> Any:
    if levels == 0:
        raise UnreadableJsonError(f"more than {MOST_LEVELS} levels of nesting")
    if isinstance(value, dict):
        return {
            _text(key, secrets): _storable(item, secrets, levels - 1) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_storable(item, secrets, levels - 1) for item in value]
    if isinstance(value, str):
        return _text(value, secrets)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _text(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "(removed)")
    return _UNSTORABLE.sub("\ufffd", text)
