"""Virtual time that all processes of a part share; it passes while every one of them sleeps."""

import mmap
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_START: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When virtual time begins; chosen."""
_SLOTS: Final = 8
"""Processes that can share a clock; chosen."""
_AWAKE, _ABSENT = 0.0, -1.0
"""States of a slot; chosen below every time at which a process may wake (s)."""
_NAP_S: Final = 0.0005
"""Between two looks at the other processes (real s); chosen."""


class SharedClock:
    """Made before the processes are forked. A slot says: absent, awake, or asleep until."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        for slot in range(_SLOTS):
            self._write(1 + slot, _ABSENT)

    def now(self) -> datetime:
        return _START + timedelta(seconds=self._read(0))

    def advance(self, seconds: float) -> None:
        """Let time pass while no process works."""
        self._write(0, self._read(0) + seconds)

    def enter(self, slot: int) -> None:
        """A process begins, or goes on."""
        self._write(1 + slot, _AWAKE)

    def leave(self, slot: int) -> None:
        """A process has ended or is stopped: time does not wait for it."""
        self._write(1 + slot, _ABSENT)

    def sleep_of(self, slot: int) -> Callable[[float], None]:
        """The sleep of the process in a slot."""

        def sleep(seconds: float) -> None:
            wake = self._read(0) + max(seconds, 0.001)
            self._write(1 + slot, wake)
            while self._read(0) < wake:
                others = [self._read(1 + other) for other in range(_SLOTS) if other != slot]
                if all(other == _ABSENT or other >= wake for other in others):
                    self._write(0, max(wake, self._read(0)))
                else:
                    time.sleep(_NAP_S)
            self._write(1 + slot, _AWAKE)

        return sleep

    def _read(self, index: int) -> float:
        return float(struct.unpack_from("d", self._memory, 8 * index)[0])

    def _write(self, index: int, value: float) -> None:
        struct.pack_into("d", self._memory, 8 * index, value)
