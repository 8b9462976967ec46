"""What is about to be bought, under which limits, and by whose clock."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

Clock = Callable[[], datetime]
LEASE: Final = timedelta(minutes=10)
"""Longer than any HTTP timeout: a row still ``sending`` after it has lost its sender."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Budget:
    """Upper limits of what may be reserved, in USD; None means no limit."""

    per_day_usd: Decimal | None = None
    per_month_usd: Decimal | None = None


UNLIMITED: Final = Budget()


@dataclass(frozen=True)
class Intent:
    """What is about to be bought."""

    fingerprint: str
    kind: str
    provider: str
    account: str
    model: str
    subject: str
    estimate_usd: Decimal
    attempt: int = 0
    ordered: dict[str, Any] = field(default_factory=dict)
    """What a delivered file is checked against."""

    @property
    def external_task_id(self) -> str:
        """Ours, the same for the same request on every machine."""
        return f"hoi-{self.fingerprint[:40]}"


def next_attempt(fingerprint: str) -> str:
    """The fingerprint under which the same request is ordered once more."""
    return hashlib.sha256(f"{fingerprint}/again".encode()).hexdigest()
