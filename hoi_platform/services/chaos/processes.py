"""Worker processes as their parent sees them: forked, watched, killed, stopped and continued."""

import contextlib
import faulthandler
import json
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from hoi_platform.services.chaos import kernel
from hoi_platform.services.chaos.clock import SharedClock
from hoi_platform.services.chaos.plan import Disaster
from hoi_platform.services.chaos.worker import DIED_AT_EDGE

_LOOK_S: Final = 0.001
"""Between two looks at the processes (s); chosen."""
_HUNG_S: Final = 300.0
"""When a process counts as hanging (s); chosen: undisturbed it takes a tenth of a second, on a
crowded machine many times that."""
_STACK_S: Final = 1.0
"""How long a process that hangs has to write where it is before it is killed (s); chosen."""
_MAX_REPORT: Final = 65536
"""Largest message of a process (bytes); chosen: a report has hundreds."""
_STDERR: Final = 2
"""File descriptor of standard error (POSIX)."""


@dataclass
class Process:
    """One worker."""

    pid: int
    slot: int
    disaster: Disaster | None
    report: socket.socket
    errors: BinaryIO
    """Its standard error."""
    started: float
    kill_at: float | None = None
    state: str = "running"
    """``running``, ``stopped``, ``died``, ``ended`` or ``hung``."""
    status: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def struck(self) -> bool:
        return self.state == "died" or any("struck" in message for message in self.messages)

    @property
    def died_in_sync(self) -> bool:
        """Killed by the kernel at a sync: what it wrote last may be torn."""
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGSYS

    def said(self, key: str) -> Any:
        return next((message[key] for message in self.messages if key in message), None)

    @property
    def words(self) -> str:
        """All that it said to a person: its errors and its standard error."""
        self.errors.seek(0)
        outcomes = self.said("outcomes") or []
        return self.errors.read().decode() + "".join(outcome["text"] for outcome in outcomes)

    def resume(self, clock: SharedClock) -> None:
        clock.enter(self.slot)
        self.state = "running"
        self.started = time.monotonic()
        os.kill(self.pid, signal.SIGCONT)


def fork(
    body: Callable[[socket.socket], None], clock: SharedClock, slot: int, disaster: Disaster | None
) -> Process:
    """Run ``body`` in a child; it must not return."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    mine.setblocking(False)
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process is judged
    clock.enter(slot)
    pid = os.fork()
    if not pid:
        mine.close()
        try:
            kernel.die_with_parent()
            os.dup2(errors.fileno(), _STDERR)
            faulthandler.register(signal.SIGUSR1, errors)
            body(theirs)
        finally:
            os._exit(1)
    theirs.close()
    now = time.monotonic()
    delay = disaster.delay_s if disaster is not None and disaster.kind == "kill" else None
    return Process(
        pid,
        slot,
        disaster=disaster,
        report=mine,
        errors=errors,
        started=now,
        kill_at=None if delay is None else now + delay,
    )


def watch(
    processes: Sequence[Process],
    clock: SharedClock,
    patience_s: float | None = None,
    hung_s: float = _HUNG_S,
) -> None:
    """Until each has ended or is stopped; gives up on all of them after ``patience_s``."""
    begun = time.monotonic()
    while running := [process for process in processes if process.state == "running"]:
        for process in running:
            _look_at(process, clock, hung_s)
        if patience_s is not None and time.monotonic() - begun > patience_s:
            return
        time.sleep(_LOOK_S)


def _look_at(process: Process, clock: SharedClock, hung_s: float) -> None:
    pid, status = os.waitpid(process.pid, os.WNOHANG | os.WUNTRACED)
    now = time.monotonic()
    if not pid:
        if process.kill_at is not None and now >= process.kill_at:
            process.kill_at = None
            os.kill(process.pid, signal.SIGKILL)
        elif now - process.started > hung_s:
            os.kill(process.pid, signal.SIGUSR1)
            time.sleep(_STACK_S)
            os.kill(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
            _close(process, clock, "hung", 0)
        return
    if os.WIFSTOPPED(status):
        process.state = "stopped"
        clock.leave(process.slot)
        return
    at_edge = os.WIFEXITED(status) and os.WEXITSTATUS(status) == DIED_AT_EDGE
    _close(process, clock, "died" if os.WIFSIGNALED(status) or at_edge else "ended", status)


def _close(process: Process, clock: SharedClock, state: str, status: int) -> None:
    process.state, process.status = state, status
    clock.leave(process.slot)
    with contextlib.suppress(BlockingIOError), process.report:
        while message := process.report.recv(_MAX_REPORT):
            process.messages.append(json.loads(message))
