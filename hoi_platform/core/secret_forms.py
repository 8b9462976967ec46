"""The encodings in which a key may be quoted."""

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, quote_plus

GRAM: Final = 12
"""Characters of a known secret that are searched as one (chosen: random keys share no such run
with ordinary text, and fewer characters of one give nothing away)."""
SHORTEST: Final = 8
"""Shortest secret (characters); chosen: shorter values ("none", "EMPTY", "ollama") are placeholders
of endpoints without keys."""
SKIPPED: Final = re.compile(r"\\[nrt]|[\s\"'\\\u00ad\u200b-\u200d\ufeff]+")
"""What wrapping, quoting and escaping put between the characters of a key."""

_BASE64_LEAD: Final = {0: 0, 1: 2, 2: 3}
"""Bytes before the secret in a block of three → characters of base64 that depend on them (RFC
4648)."""


def forms_of(secret: str) -> set[str]:
    """Every encoding of a secret, in lower case and without ``SKIPPED``; none if too short."""
    secret = secret.strip()
    if len(secret) < SHORTEST:
        return set()
    return {compact for form in _encodings(secret) if len(compact := _compact(form)) >= SHORTEST}


def _encodings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote(quote(secret, safe=""), safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    data = secret.encode()
    yield data.hex()
    for lead, dropped in _BASE64_LEAD.items():
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * lead + data).decode()
            whole = encoded.rstrip("=")
            # The last character before padding also depends on what follows the secret.
            yield whole[dropped:] if whole == encoded else whole[dropped:-1]


def _compact(text: str) -> str:
    return SKIPPED.sub("", text.lower())
