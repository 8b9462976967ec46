"""The one retry policy of all loops."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.services.retry import RetryPolicy


@given(
    attempts=st.integers(1, 12),
    first=st.floats(0, 100),
    longest=st.floats(0, 1000),
    jitter=st.floats(0, 1),
    seed=st.integers(),
)
def test_waits_are_bounded_and_replayable(
    attempts: int, first: float, longest: float, jitter: float, seed: int
) -> None:
    """wait ≤ min(first·2^k, longest); attempts - 1 waits; the same seed, the same waits."""
    policy = RetryPolicy(attempts, first, longest, jitter)
    first_run, second_run = (_waits(policy, seed) for _ in range(2))
    assert first_run == second_run
    assert len(first_run) == attempts - 1
    for number, wait in enumerate(first_run):
        most = min(first * 2**number, longest)
        assert most * (1 - jitter) * (1 - 1e-9) <= wait <= most


def _waits(policy: RetryPolicy, seed: int) -> list[float]:
    waits: list[float] = []
    calls: list[int] = []

    def call() -> bool:
        calls.append(1)
        return False

    policy.until(lambda done: done, call, waits.append, random.Random(seed))
    assert len(calls) == policy.attempts
    return waits


def test_only_the_named_errors_are_tried_again() -> None:
    """A bug would be repeated as if it were an outage."""
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        raise (ConnectionError if len(calls) < 3 else KeyError)("x")

    with pytest.raises(KeyError):
        RetryPolicy(9).retry(ConnectionError, call, lambda _: None)
    assert len(calls) == 3


def test_the_last_error_is_the_one_that_is_raised() -> None:
    """The cause would hide behind the retry library's own error."""

    def call() -> int:
        raise ConnectionError("down")

    with pytest.raises(ConnectionError, match="down"):
        RetryPolicy(2).retry(ConnectionError, call, lambda _: None)
