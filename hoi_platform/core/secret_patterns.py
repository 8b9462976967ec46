"""What looks like a secret: tokens, credentials beside their names, signed addresses."""

import re
from collections.abc import Iterator
from typing import Final

MARK: Final = "(removed)"
SECRET_NAME: Final = re.compile(
    r"authorization|token|secret|api[_-]?key|access[_-]?key|private[_-]?key|password|passwd|"
    r"signature|credential|(^|set-)cookie$",
    re.IGNORECASE,
)
"""Names whose text is removed, whatever it is."""
NUMBERS_OF_TOKENS: Final = re.compile(r"tokens|token_(count|type|limit)", re.IGNORECASE)
"""Names that contain "token" and mean a figure."""

_ADDRESS: Final = re.compile(
    r"\b(?P<scheme>[a-z][a-z0-9+.-]{1,20}):(?:\\*/){2}(?P<rest>[^\s\"'<>]+)", re.IGNORECASE
)
_WITH_QUERY: Final = frozenset({"http", "https", "ws", "wss", "ftp", "s3", "gs", "oss"})
"""Schemes whose whole query goes: every store has its own names for a signature."""
_CLOSING: Final = re.compile(r"[\\)\]}.,;:]*$")
_PARAMETER_NAMES: Final = (
    r"x-(?:amz|goog|oss|cos|tos|obs|ms|fal|kling)-[\w-]+|(?:q-)?signature|sign?|sig|policy|"
    r"key-pair-id|(?:\w+[_-])?token|auth[_-]?key|api[_-]?key|(?:\w+[_-]?)?access[_-]?key(?:[_-]?id)?|"
    r"googleaccessid|(?:\w+[_-]?)?secret(?:[_-]?(?:access[_-]?)?key)?|password|passwd|pwd|expires|"
    r"credential|jwt|hmac|ws[_-]?time|hdn(?:ts|tl)"
)
_NAMED_VALUE: Final = (
    r"[\w-]*(?:authorization|api[_-]?key|access[_-]?key|secret|password|passwd|signature|"
    r"credential|token|set-cookie)(?!s|_count|_type|_limit)[\w-]*"
)

_SIGNING: Final = re.compile(_PARAMETER_NAMES, re.IGNORECASE)
_SHORTEST_SIGNATURE: Final = 16
"""Shortest value of a query's parameter that counts as a signature (characters); chosen below an
MD5 sum in base64."""

Span = tuple[int, int]


def is_signature(name: str, value: str) -> bool:
    """Whether a query's parameter is what signs its address (not a date or a media type)."""
    return len(value) >= _SHORTEST_SIGNATURE and _SIGNING.fullmatch(name) is not None


def pattern_spans(text: str) -> Iterator[Span]:
    """Where something looks like a secret; the spans may overlap."""
    for pattern in _PATTERNS:
        yield from (match.span("out") for match in pattern.finditer(text))
    for match in _ADDRESS.finditer(text):
        yield from _address_spans(match)


def _address_spans(match: re.Match[str]) -> Iterator[Span]:
    """The user information of an address and, where it can be signed, its query."""
    rest, start = match["rest"], match.start("rest")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in host:
        yield start, start + host.rindex("@")
    query = re.search(r"[?#]", rest)
    if query and match["scheme"].lower() in _WITH_QUERY:
        closing = _CLOSING.search(rest, query.end())
        end = closing.start() if closing else len(rest)
        # The mark ends like a sentence in brackets.
        end += rest[query.end() : end + 1] == MARK
        yield start + query.end(), start + end


_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"(?P<out>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))",
        # An address inside of an address, encoded once or twice.
        r"https?%(?:25)*3a(?:%(?:25)*2f){2}[^\s\"'<>&?]*?%(?:25)*(?:3f|23)(?P<out>[^\s\"'<>&]*)",
        # Headers, also as they are shown in dictionaries and lists of pairs.
        r"(?:\b(?:proxy-)?authorization(?:\s*[:=]|\\*[\"']\s*[:=,])\s*(?:b?\\*[\"'])?|"
        r"\b(?:x-api-key|x-fal-key|api-key|set-cookie|webhook-signature)\s*[:=]\s*)"
        r"(?P<out>(?:(?:bearer|basic|key|token|digest)\s+)?[^\s\"'\\,;<>}]+)",
        # Quoted values behind quoted names.
        rf"(\\*[\"']){_NAMED_VALUE}\1\s*[:=]\s*b?(\\*[\"'])(?P<out>[^\r\n]*?)(?=\2)",
        # Parameters, of which signed addresses are made.
        rf"(?<![\w-])(?:{_PARAMETER_NAMES})(?:=|%(?:25)*3d)[\"']?"
        r"(?P<out>\(removed\)[^\s&;\"'<>,)\]}]*|[^\s&;\"'<>,)\]}]+)",
        # JSON Web Tokens.
        r"\b(?P<out>eyJ[\w-]{6,}(?:\.|%2E)[\w-]{4,}(?:(?:\.|%2E)[\w-]*)?)",
    )
) + tuple(
    re.compile(pattern)
    for pattern in (
        # Credentials behind their scheme: with a digit, or longer than any word.
        r"\b(?:[Bb]earer|BEARER|Basic|Key|Token)(?:\s+|%20|\+)"
        r"(?P<out>(?=[^\s\"'<>]*\d)[\w.~+/=:%-]{8,}|[\w.~+/=:%-]{20,})",
        r"(?<![A-Za-z0-9])(?P<out>sk-[\w-]{10,}|whsec_[\w+/=]{8,}|gh[po]_\w{16,}|hf_\w{16,}|"
        r"A[KS]IA[0-9A-Z]{12,})",
    )
)
