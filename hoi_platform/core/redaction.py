"""Text and plain data without secrets: known ones in any encoding, and what looks like one.

Redact first and cut afterwards: half a key matches no pattern, and is still half a key.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from hoi_platform.core.secret_forms import GRAM, SKIPPED, forms_of
from hoi_platform.core.secret_patterns import (
    MARK,
    NUMBERS_OF_TOKENS,
    SECRET_NAME,
    Span,
    pattern_spans,
)

_DEEPEST: Final = 64
"""Levels of nesting that are looked into; what lies deeper is removed as a whole. Chosen."""


@dataclass(frozen=True)
class Secrets:
    """Known secrets, prepared for the search."""

    grams: frozenset[str] = frozenset()
    """Every run of ``GRAM`` characters in every encoding of every secret."""
    short: frozenset[str] = field(default=frozenset(), repr=False)
    """Encodings that are shorter than that."""

    def __repr__(self) -> str:
        return f"Secrets({len(self.grams)} grams)"

    def with_secrets(self, secrets: Iterable[str]) -> "Secrets":
        """These and more."""
        forms = {form for secret in secrets for form in forms_of(secret)}
        long = {form for form in forms if len(form) >= GRAM}
        grams = {form[i : i + GRAM] for form in long for i in range(len(form) - GRAM + 1)}
        return Secrets(self.grams | grams, self.short | (forms - long))


NONE_KNOWN: Final = Secrets()


def redacted(value: Any, known: Secrets = NONE_KNOWN, depth: int = 0) -> Any:
    """Plain JSON in, plain JSON out; figures such as token counts stay."""
    if isinstance(value, str):
        return redacted_text(value, known)
    if isinstance(value, bytes):
        return redacted_text(value.decode(errors="backslashreplace"), known).encode()
    if not isinstance(value, dict | list | tuple):
        return value
    if depth >= _DEEPEST:
        return MARK
    if isinstance(value, dict):
        return {
            redacted(key, known): _redacted_item(str(key), item, known, depth)
            for key, item in value.items()
        }
    return type(value)(_each(value, known, depth)) if type(value) in (list, tuple) else value


def redacted_text(text: str, known: Secrets = NONE_KNOWN) -> str:
    """The text with each secret, or fragment of a known one, replaced by ``MARK``."""
    # Both are searched in the original: a piece that one removes may be what the other needs.
    return _replaced(text, sorted([*_known_spans(text, known), *pattern_spans(text)]))


def _each(values: Iterable[Any], known: Secrets, depth: int) -> Iterator[Any]:
    return (redacted(item, known, depth + 1) for item in values)


def _redacted_item(key: str, value: Any, known: Secrets, depth: int) -> Any:
    named = SECRET_NAME.search(key) and not NUMBERS_OF_TOKENS.search(key)
    if named and isinstance(value, str | bytes) and value:
        return MARK
    return redacted(value, known, depth + 1)


def _known_spans(text: str, known: Secrets) -> list[Span]:
    """Compares runs of characters without case, white space, quotes and backslashes between."""
    if not known.grams and not known.short:
        return []
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals become two characters
        lowered = text
    places = _places(lowered)
    compact = "".join(lowered[i] for i in places)
    spans = [
        (places[i], places[i + GRAM - 1] + 1)
        for i in range(len(compact) - GRAM + 1)
        if compact[i : i + GRAM] in known.grams
    ]
    for form in known.short:
        found = re.finditer(rf"(?<![a-z0-9]){re.escape(form)}(?![a-z0-9])", lowered)
        spans += [match.span() for match in found]
    return spans


def _places(text: str) -> list[int]:
    """The positions of the characters that are compared."""
    places: list[int] = []
    start = 0
    for match in SKIPPED.finditer(text):
        places.extend(range(start, match.start()))
        start = match.end()
    places.extend(range(start, len(text)))
    return places


def _replaced(text: str, spans: list[Span]) -> str:
    """The text with overlapping spans replaced by one mark."""
    parts: list[str] = []
    end = 0
    for start, stop in spans:
        if start > end or not parts:
            parts += [text[end:start], MARK]
        end = max(end, stop)
    return "".join([*parts, text[end:]])
