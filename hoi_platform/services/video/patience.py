"""How long a paid backend tries and waits."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long to try; every wait has an end."""

    offers: int = 100
    """Attempts to have a request accepted."""
    first_wait_s: float = 2.0
    """Doubled after each attempt, with jitter, up to ``longest_wait_s``."""
    longest_wait_s: float = 30.0
    lookups: int = 4
    """Look-ups that must agree that a doubtful task does not exist before it is sent again."""
    lookup_wait_s: float = 20.0
    polls: int = 120
    poll_wait_s: float = 30.0
    slots: int | None = None
    """Tasks that the account may have open at once; None leaves it to the service."""

    def offer_wait_s(self, attempt: int, rng: random.Random) -> float:
        """The wait after an attempt (from 0) that was not taken, with jitter (s)."""
        longest = min(self.first_wait_s * 2 ** min(attempt, 30), self.longest_wait_s)
        return longest * rng.uniform(0.5, 1.0)
