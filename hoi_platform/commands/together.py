"""Several servers as one command: each dead one is reported and started again, all end together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

_TOO_SOON_S: Final = 30.0
"""Seconds; a server that lived no longer would not live longer again; chosen: well beyond its
start."""
_RESTARTS: Final = 5
"""After which a server that dies again and again ends the command; chosen."""
_LOOK_S: Final = 0.5
"""Seconds between two looks at the servers; chosen."""
_SAME_S: Final = 0.5
"""Seconds; signals this close are one; chosen: timeout(1) and shells signal a process and then its
group."""
_GRACE_S: Final = 60.0
"""Seconds that a server has to end; as long as Dagster's own."""


@dataclass
class _Server:
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    started: float
    restarts: int = 0


@dataclass
class Together:
    """Runs commands of this environment until they are stopped, or one cannot be kept alive."""

    commands: Sequence[Sequence[str]]
    report: Callable[[str], None]
    too_soon_s: float = _TOO_SOON_S
    _servers: list[_Server] = field(default_factory=list)
    _signals: list[float] = field(default_factory=list)
    """When each came; none raises, so that no server is lost between its start and its entry."""

    def run(self) -> int:
        """0 after SIGINT, SIGTERM or SIGHUP; 1 after a server that could not be kept alive.

        A second signal does not wait for the servers to end by themselves.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._note)
        try:
            for command in self.commands:
                self._servers.append(_started(command))
            while not self._signals:
                if not all(self._is_kept_alive(server) for server in self._servers):
                    break
                time.sleep(_LOOK_S)
        finally:
            self._end()
        return 0 if self._signals else 1

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._signals or now - self._signals[-1] > _SAME_S:
            self._signals.append(now)

    def _is_kept_alive(self, server: _Server) -> bool:
        status = server.process.poll()
        if status is None:
            return True
        lived = time.monotonic() - server.started
        died = f"{server.command[0]} ended after {lived:.0f} s with {_words(status)}"
        if lived < self.too_soon_s or server.restarts == _RESTARTS:
            self.report(f"{died}; its output above says why. All servers end")
            return False
        self.report(f"{died}; it is started again")
        restarts = server.restarts + 1
        self._servers[self._servers.index(server)] = _started(server.command, restarts)
        return True

    def _end(self) -> None:
        for server in self._servers:
            server.process.terminate()
        end, signals = time.monotonic() + _GRACE_S, len(self._signals)
        while any(server.process.poll() is None for server in self._servers):
            if time.monotonic() > end or len(self._signals) > signals:
                break
            time.sleep(_LOOK_S / 5)
        for server in self._servers:
            server.process.kill()
            server.process.wait()


def _started(command: Sequence[str], restarts: int = 0) -> _Server:
    folder = os.path.dirname(sys.executable)  # noqa: PTH120 - a symlinked venv must stay unresolved
    name, *arguments = command
    process = subprocess.Popen([f"{folder}/{name}", *arguments])
    return _Server(command, process, time.monotonic(), restarts)


def _words(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
