"""Keys of paid services: read from the environment here alone, and kept secret from then on."""

import os
from typing import Final
from urllib.parse import unquote, urlsplit

from hoi_platform.services import secrets

KEYS: Final = (
    "KLING_ACCESS_KEY",
    "KLING_SECRET_KEY",
    "KLING_API_KEY",
    "KLING_WEBHOOK_SECRET",
    "FAL_KEY",
    "OPENAI_API_KEY",
)
_ADDRESSES: Final = ("HOI_LEDGER_URL",)
"""Their passwords are secrets."""


def read_key(name: str) -> str | None:
    """The value of a variable of ``KEYS``; None when it is not set."""
    assert name in KEYS
    value = os.environ.get(name)
    secrets.register(value)
    return value


def protect_keys() -> None:
    """Redact every key in the environment from all that leaves this process."""
    secrets.install()
    for name in KEYS:
        read_key(name)
    for name in _ADDRESSES:
        url = os.environ.get(name, "")
        secrets.register_address(url)
        if "@" in url and (password := urlsplit(url).password):
            secrets.register(unquote(password))
