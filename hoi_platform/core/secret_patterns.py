"""What looks like a secret: tokens, credentials beside their names, signed addresses."""

import re
from collections.abc import Callable
from typing import Final

SECRET_NAME: Final = re.compile(
    r"authorization|token|secret|api[_-]?key|access[_-]?key|private[_-]?key|password|passwd|"
    r"signature|credential|(^|set-)cookie$",
    re.IGNORECASE,
)
"""Names whose text is removed, whatever it is."""
NUMBERS_OF_TOKENS: Final = re.compile(r"tokens|token_(count|type|limit)", re.IGNORECASE)
"""Names that contain "token" and mean a figure."""

_ADDRESS: Final = re.compile(
    r"\b([a-z][a-z0-9+.-]{1,20}):((?:\\*/){2})([^\s\"'<>]+)", re.IGNORECASE
)
_WITH_QUERY: Final = frozenset({"http", "https", "ws", "wss", "ftp", "s3", "gs", "oss"})
"""Schemes whose whole query goes: every store has its own names for a signature."""
_CLOSING: Final = re.compile(r"[\\)\]}.,;:]*$")
_ENCODED_ADDRESS: Final = re.compile(
    r"(https?%(?:25)*3a(?:%(?:25)*2f){2}[^\s\"'<>&?]*?)%(?:25)*(?:3f|23)[^\s\"'<>&]*", re.IGNORECASE
)
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

Replace = str | Callable[[re.Match[str]], str]


def is_signature(name: str, value: str) -> bool:
    """Whether a query's parameter is what signs its address (not a date or a media type)."""
    return len(value) >= _SHORTEST_SIGNATURE and _SIGNING.fullmatch(name) is not None


def without_patterns(text: str, mark: str) -> str:
    """The text with everything that looks like a secret replaced."""
    for pattern, replacement in _table(mark):
        text = pattern.sub(replacement, text)
    return text


def _table(mark: str) -> list[tuple[re.Pattern[str], Replace]]:
    return [
        (_PEM, mark),
        (_ENCODED_ADDRESS, rf"\1%3F{mark}"),
        (_ADDRESS, lambda match: _address(match, mark)),
        (_HEADER, rf"\1{mark}"),
        (_QUOTED, rf"\1{mark}"),
        (_PARAMETER, rf"\1{mark}"),
        (_SCHEME, rf"\1{mark}"),
        (_JWT, mark),
        (_PREFIXED, mark),
    ]


_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_HEADER: Final = re.compile(
    r"(\b(?:proxy-)?authorization(?:\s*[:=]|\\*[\"']\s*[:=,])\s*(?:b?\\*[\"'])?|"
    r"\b(?:x-api-key|x-fal-key|api-key|set-cookie|webhook-signature)\s*[:=]\s*)"
    r"(?:(?:bearer|basic|key|token|digest)\s+)?(?!\(removed)[^\s\"'\\,;<>}]+",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    rf"((\\*[\"']){_NAMED_VALUE}\2\s*[:=]\s*b?(\\*[\"'])).*?(?=\3)", re.IGNORECASE
)
_PARAMETER: Final = re.compile(
    rf"((?<![\w-])(?:{_PARAMETER_NAMES})(?:=|%(?:25)*3d)[\"']?)(?!\(removed)[^\s&;\"'<>,)\]}}]+",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(
    r"(\b(?:[Bb]earer|BEARER|Basic|Key|Token)(?:\s+|%20|\+))"
    r"(?:(?=[^\s\"'<>]*\d)[\w.~+/=:%-]{8,}|[\w.~+/=:%-]{20,})"
)
_JWT: Final = re.compile(r"\beyJ[\w-]{6,}(?:\.|%2E)[\w-]{4,}(?:(?:\.|%2E)[\w-]*)?", re.IGNORECASE)
_PREFIXED: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-[\w-]{10,}|whsec_[\w+/=]{8,}|gh[po]_\w{16,}|hf_\w{16,}|"
    r"A[KS]IA[0-9A-Z]{12,})"
)


def _address(match: re.Match[str], mark: str) -> str:
    """An address without user information and, where it can be signed, without its query."""
    scheme, slashes, rest = match.groups()
    closing = _CLOSING.search(rest)
    end = closing.group() if closing else ""
    rest = rest[: len(rest) - len(end)]
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in host:
        rest = f"{mark}@{rest[host.rindex('@') + 1 :]}"
    if scheme.lower() in _WITH_QUERY and (query := re.search(r"[?#]", rest)):
        rest = f"{rest[: query.start()]}?{mark}"
    return f"{scheme}:{slashes}{rest}{end}"
