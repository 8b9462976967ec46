"""A process by what no other one shares, also after its number was given to another."""

import os
import socket
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import psutil

_SAME_START_MS: Final = 2_000
"""How far two readings of one start may differ; chosen: the kernel derives it from its uptime, so
that a step of the clock shifts it, and no number is given to another process this soon."""
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE: Final = Path("/proc/self/ns/pid")


@dataclass(frozen=True)
class ProcessId:
    """A process of one host or container."""

    host: str
    scope: str
    """In which numbers of processes are unique: one boot of one host or container."""
    pid: int
    started_ms: int
    """Since the epoch, by the host's clock: distinguishes processes of the same number."""

    @classmethod
    def own(cls) -> "ProcessId":
        """This process."""
        pid = os.getpid()
        return cls(socket.gethostname(), _scope(), pid, _started_ms(pid) or 0)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> "ProcessId":
        """What ``as_json`` gave."""
        return cls(**data)

    def as_json(self) -> dict[str, Any]:
        """For a column of JSON."""
        return asdict(self)

    def is_dead(self) -> bool:
        """Whether it certainly has ended; false where that cannot be seen from here."""
        return self._is_seen() and not self._runs()

    def is_alive(self) -> bool:
        """Whether it certainly has not ended; false where that cannot be seen from here."""
        return self._is_seen() and self._runs()

    def _is_seen(self) -> bool:
        return (self.host, self.scope) == (socket.gethostname(), _scope())

    def _runs(self) -> bool:
        started = _started_ms(self.pid)
        return started is not None and abs(started - self.started_ms) <= _SAME_START_MS

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@cache
def _scope() -> str:
    """Two containers may share a name, and numbers start over with each boot."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
    namespace = _PID_NAMESPACE.stat().st_ino if _PID_NAMESPACE.exists() else ""
    return f"{boot}/{namespace}"


def _started_ms(pid: int) -> int | None:
    """When a process started; None where it has ended, zombies included."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return round(process.create_time() * 1000)
    except psutil.NoSuchProcess:
        return None
