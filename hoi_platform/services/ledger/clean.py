"""Cleans what enters the ledger, so that every database accepts it.

PostgreSQL refuses NUL, lone surrogates and nan in JSON; a deeply nested answer exhausts the stack
of the code that walks it; an endless answer fills the disk.
"""

import json
import math
from typing import Any, Final

_MAX_TEXT: Final = 20_000
"""Longest stored text (characters); chosen: answers have hundreds."""
_MAX_DEPTH: Final = 30
"""Levels of nesting that are stored; chosen: answers have up to six."""
_MAX_JSON_CHARACTERS: Final = 100_000
"""Largest stored answer (characters); chosen: answers have thousands."""
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


def clean_text(text: str, longest: int = _MAX_TEXT) -> str:
    """``text`` without NUL and lone surrogates; a longer text is cut off."""
    if not text.isascii():
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    text = text.replace("\0", _REPLACED)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def clean_json(value: Any) -> Any:
    """Plain JSON that can be stored; what is too large is only described."""
    cleaned = _cleaned(value, 0)
    size = len(json.dumps(cleaned))
    if size > _MAX_JSON_CHARACTERS:
        return {"left_out": f"{size} characters of JSON, at most {_MAX_JSON_CHARACTERS} are kept"}
    return cleaned


def _cleaned(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return f"(nested deeper than {_MAX_DEPTH})"
    if isinstance(value, dict):
        return {clean_text(str(k)): _cleaned(item, depth + 1) for k, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return clean_text(value) if isinstance(value, str) else value
