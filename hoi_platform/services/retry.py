"""The one retry policy: how often to try, with which waits (tenacity)."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
)

from hoi_platform.core.errors import TransientError

T = TypeVar("T")
Sleep = Callable[[float], None]
"""Waits, in seconds; tests advance a clock instead."""


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff; every wait has an end. Waits go through the caller's ``sleep``."""

    attempts: int
    """Including the first one."""
    first_wait_s: float = 2.0
    """Doubled after each attempt, up to ``longest_wait_s``."""
    longest_wait_s: float = 30.0
    jitter: float = 0.5
    """The share of a wait that is random."""
    longest_pause_s: float = 120.0
    """Longest pause that a service may ask for; after it the service is called again."""

    def wait_s(self, attempt: int, rng: random.Random) -> float:
        """The wait after the given attempt (from 1)."""
        longest = min(self.first_wait_s * 2 ** min(attempt - 1, 30), self.longest_wait_s)
        return longest * rng.uniform(1 - self.jitter, 1)

    def pause_s(self, error: BaseException | None) -> float:
        """What an error's ``retry_after_s`` asks for, within bounds; 0 without it."""
        asked = error.retry_after_s if isinstance(error, TransientError) else None
        return min(asked or 0.0, self.longest_pause_s)

    def until(
        self,
        done: Callable[[T], bool],
        call: Callable[[], T],
        sleep: Sleep,
        rng: random.Random | None = None,
    ) -> T:
        """Call until the result is ``done``; the last result, done or not. Errors pass through."""
        retrying = self._retrying(
            sleep,
            rng,
            retry=retry_if_result(lambda result: not done(result)),
            retry_error_callback=_last_result,
        )
        return retrying(call)

    def retry(
        self,
        on: type[Exception] | tuple[type[Exception], ...],
        call: Callable[[], T],
        sleep: Sleep,
        rng: random.Random | None = None,
    ) -> T:
        """Call again after errors of these types; the last error is raised as it is.

        A longer pause that the error asks for replaces the wait.
        """
        return self._retrying(sleep, rng, retry=retry_if_exception_type(on), reraise=True)(call)

    def _retrying(self, sleep: Sleep, rng: random.Random | None, **how: Any) -> Retrying:
        rng = rng or random.Random()

        def wait(state: RetryCallState) -> float:
            failure = state.outcome.exception() if state.outcome else None
            return max(self.wait_s(state.attempt_number, rng), self.pause_s(failure))

        return Retrying(sleep=sleep, stop=stop_after_attempt(self.attempts), wait=wait, **how)


def _last_result(state: RetryCallState) -> Any:
    assert state.outcome is not None
    return state.outcome.result()
