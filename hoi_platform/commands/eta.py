"""How long a batch still takes, from the stages that it has made so far."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from hoi_platform.runner import Outcome, Part


class Eta:
    """Counts parts; a stage that was made is expected to take as long for the next clip."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before = clock()
        self._spent: dict[tuple[str, ...], list[float]] = defaultdict(list)
        self._done = 0

    def add(self, outcomes: Sequence[Outcome], left: Sequence[Part]) -> str:
        """``4 of 12 parts, about 3 min left``; no estimate before anything comparable was made."""
        now = self._clock()
        seconds, self._before = now - self._before, now
        self._done += 1
        if any(outcome.made for outcome in outcomes):
            self._spent[tuple(outcome.asset for outcome in outcomes)].append(seconds)
        parts = f"{self._done} of {self._done + len(left)} parts"
        expected = self.left_s(left)
        return f"{parts}, about {_words(expected)} left" if expected and left else parts

    def left_s(self, left: Sequence[Part]) -> float:
        """Seconds that the parts will take, by the mean of those like them, else of all."""
        known = [seconds for group in self._spent.values() for seconds in group]
        if not known:
            return 0.0
        usual = sum(known) / len(known)
        means = {_size(assets): sum(group) / len(group) for assets, group in self._spent.items()}
        return sum(means.get(_size(part.assets), usual) for part in left)


def _size(assets: Sequence[str]) -> str:
    """Parts that end with the same stage are alike: what is on demand may be left out of one."""
    return assets[-1] if assets else ""


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
