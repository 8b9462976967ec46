"""Time that tests advance."""

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Sleeping advances it; nothing waits."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)
