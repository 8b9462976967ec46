"""What goes wrong, by seed: a plan per call and per task."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

CALL_FAULTS: Final = (
    "dropped_before",  # the connection breaks before the service has read the request
    "dropped_after",  # the service does its work, its answer is lost
    "refused_connection",
    "error_before",  # 503/5001, nothing was done
    "internal_error",  # 500/5000, nothing was done
    "error_after",  # 504/5002, and yet the work was done
    "too_fast",  # 429/1302
    "slots_in_use",  # 429/1303
    "bare_429",
    "html_answer",  # 200 from a proxy, not JSON; the work was done
    "redirect",  # 302 from a proxy, nothing was done
    "proxy_forbids",  # 403 from a proxy, not JSON; nothing was done
    "gateway_timeout",  # 504 from a proxy, not JSON; the work was done
    "not_utf8",  # 200, bytes that no text has; the work was done
    "deep_json",  # 200, nested without end; the work was done
    "wrong_types",  # 200, JSON of another shape; the work was done
    "odd_text",  # the answer with lone surrogates and NUL in a text
    "bomb",  # 200, a small body that unpacks to a huge one; the work was done
)
ODD_READINGS: Final = (
    "odd_status",  # a status that is not documented
    "forbidden",  # 403 without a code to each query of the task
    "unreadable",  # an object that is not a task
    "crashes",  # 500 to each query of the task
)
"""Queries of such a task go wrong until ``FakeTask.odd_until``."""
PERMANENT_FAULTS: Final = (
    "auth_failed",  # 1000 … 1304: see kling.REFUSALS
    "account_exception",
    "arrears",
    "pack_used_up",
    "no_right",
    "bad_parameter",
    "no_such_model",
    "policy",
    "safety",
    "ip_whitelist",
)
TASK_FAULTS: Final = (
    "failed",
    "one_hour",
    "seen_late",  # cannot be found for 25 s
    "seen_very_late",  # cannot be found for 150 s
    "wrong_video",
    "corrupt_video",
    *ODD_READINGS,
)
FILE_FAULTS: Final = ("truncated", "corrupt", "wrong", "expired", "dropped", "error")


@dataclass(frozen=True)
class Rates:
    """Probabilities; all zero is a service that works."""

    call: float = 0.0
    permanent: float = 0.0
    task: float = 0.0
    file: float = 0.0
    duplicate_callback: float = 0.0
    clock_skew_s: float = 0.0
    """How far the client's clock is ahead of the service's."""
    rejects_duplicates: bool = True
    """Whether a second task with one external id is refused (documented as unique, untested)."""


@dataclass
class FaultPlan:
    """Draws the next fault; the same seed draws the same ones for the same calls."""

    rates: Rates = Rates()
    seed: int = 0
    always: frozenset[str] = frozenset()
    """Faults that strike every time, whatever the rates."""
    drawn: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    @staticmethod
    def of_seed(seed: int) -> "FaultPlan":
        """A random plan: from nearly healthy to hardly usable."""
        rng = random.Random(f"plan {seed}")
        rates = Rates(
            call=rng.choice((0.0, 0.1, 0.3, 0.6)),
            permanent=rng.choice((0.0, 0.0, 0.1)),
            task=rng.choice((0.0, 0.2, 0.5)),
            file=rng.choice((0.0, 0.2, 0.5)),
            duplicate_callback=rng.choice((0.0, 0.5)),
            clock_skew_s=rng.choice((0.0, 0.0, 900.0, -3600.0)),
            rejects_duplicates=rng.random() < 0.5,
        )
        return FaultPlan(rates, seed)

    def call_fault(self) -> str | None:
        return self._draw(self.rates.call, CALL_FAULTS)

    def permanent_fault(self) -> str | None:
        return self._draw(self.rates.permanent, PERMANENT_FAULTS)

    def task_fault(self) -> str | None:
        return self._draw(self.rates.task, TASK_FAULTS)

    def file_fault(self) -> str | None:
        return self._draw(self.rates.file, FILE_FAULTS)

    def duplicate_callback(self) -> bool:
        return self._draw(self.rates.duplicate_callback, ("duplicate_callback",)) is not None

    def seconds(self, low: float, high: float) -> float:
        return self._rng.uniform(low, high)

    def _draw(self, rate: float, faults: tuple[str, ...]) -> str | None:
        forced = [fault for fault in faults if fault in self.always]
        if not forced and self._rng.random() >= rate:
            return None
        fault = self._rng.choice(forced or faults)
        self.drawn[fault] += 1
        return fault
