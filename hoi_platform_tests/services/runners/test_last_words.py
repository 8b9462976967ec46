"""What is kept of a program's output when several threads hear it."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from hoi_platform.services.runners.last_words import LastWords


def test_the_end_is_kept_and_the_rest_forgotten() -> None:
    """A program's chatter would fill our memory, or its last words be cut off."""
    words = LastWords(6)
    for number in range(100):
        words.add(f"{number:02d}\n".encode())
    assert words.text() == "98\n99"
    assert len(words._pieces) == 2


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns after a microsecond instead of five milliseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_threads_may_write_at_once() -> None:
    """A flood on both pipes would end a good run with "deque mutated during iteration"."""
    words = LastWords(4000)

    def chatter(letter: str) -> None:
        for _ in range(5000):
            words.add(letter.encode() * 10)
            words.text()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(chatter, "abcd"))
    assert len(words.text()) == 4000
