"""How a request to Kling is signed: a short-lived JWT from a key pair, or an API key."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import jwt

_VALID: Final = timedelta(minutes=30)
_SKEW: Final = timedelta(seconds=5)
_RENEW_BEFORE: Final = timedelta(minutes=5)
_MOST_AHEAD: Final = timedelta(days=1)
"""Between two clocks; a larger difference is a wrong header, not a wrong clock."""


class Signer(Protocol):
    """Gives the value of the Authorization header."""

    def authorization(self) -> str: ...

    def renew(self, server_time: datetime | None) -> None:
        """Forget the last token; from now on trust the service's clock if it stated the time."""
        ...


@dataclass(frozen=True)
class ApiKeySigner:
    """A plain API key (both generations)."""

    api_key: str = field(repr=False)

    def authorization(self) -> str:
        return f"Bearer {self.api_key}"

    def renew(self, server_time: datetime | None) -> None:
        """A key has no expiry."""


class JwtSigner:
    """HS256 over iss, exp = now + 30 min, nbf = now - 5 s (legacy generation only)."""

    def __init__(self, access_key: str, secret_key: str, clock: Callable[[], datetime]) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._clock = clock
        self._ahead = timedelta(0)  # of the service's clock before ours
        self._token = ""
        self._renew_at: datetime | None = None

    def __repr__(self) -> str:
        return "JwtSigner(…)"

    def authorization(self) -> str:
        now = self._clock() + self._ahead
        if self._renew_at is None or now >= self._renew_at:
            payload = {"iss": self._access_key, "exp": now + _VALID, "nbf": now - _SKEW}
            self._token = jwt.encode(payload, self._secret_key, algorithm="HS256")
            self._renew_at = now + _VALID - _RENEW_BEFORE
        return f"Bearer {self._token}"

    def renew(self, server_time: datetime | None) -> None:
        self._renew_at = None
        if server_time is not None and abs(ahead := server_time - self._clock()) < _MOST_AHEAD:
            self._ahead = ahead
