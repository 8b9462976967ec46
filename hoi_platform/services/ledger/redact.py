"""Provider answers without what must not be kept: keys and signed addresses."""

from typing import Any, Final
from urllib.parse import urlsplit

_SECRET_WORDS: Final = ("authorization", "token", "secret", "api_key", "apikey", "password")
_MAX_TEXT: Final = 2000


def redacted(value: Any) -> Any:
    """Plain JSON in, plain JSON out: secrets removed, queries cut from addresses, text cut."""
    if isinstance(value, dict):
        return {key: _redacted_item(str(key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if isinstance(value, str):
        return _redacted_text(value)
    return value


def _redacted_item(key: str, value: Any) -> Any:
    lowered = key.lower()
    counted = lowered.endswith("tokens")  # token counts are figures, not secrets
    if not counted and any(word in lowered for word in _SECRET_WORDS):
        return "(removed)"
    return redacted(value)


def _redacted_text(text: str) -> str:
    if text.startswith(("http://", "https://")):
        parts = urlsplit(text)
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}{parts.path}" + ("?(removed)" if parts.query else "")
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"
