"""Stopping a run by SIGINT, SIGTERM or SIGHUP: cleanly at the first signal, hard at the second.

Dagster replaces the handlers of both signals while it runs a job: between two steps it only records
a signal, in a step it raises its own exception, and afterwards it reports a run that failed. So
every signal is also seen by a thread of ours, through the wakeup descriptor, whatever handler is in
place and whatever C code the main thread is in. Python drops an exception that a handler raises
inside a finalizer or a weak reference's callback (SQLAlchemy's pool has one): it is raised again.
SIGHUP (the terminal was closed) ends a run like SIGTERM; nothing is printed any more then.
"""

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from hoi_platform.services.blender.process import kill_workers

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_SAME_S: Final = 0.5
"""Signals this close (s) are one: timeout(1) and shells signal a process and then its group.
Chosen."""

_AGAIN_S: Final = 0.05
"""After which a lost interruption is sent again (s); chosen."""


@dataclass
class _Received:
    """The first signal of the current run, by handler or thread, whichever saw it first."""

    first: signal.Signals | None = None
    raised: bool = False
    """By the handler; nothing may interrupt the cleaning up."""
    watched_at: float | None = None
    """When the watching thread saw it, or a repetition of ours (s, monotonic)."""

    def clear(self) -> None:
        self.first, self.raised, self.watched_at = None, False, None


_received: Final = _Received()


def received() -> signal.Signals | None:
    """The signal that stopped the current run, or the last one."""
    return _received.first


def check_stopped() -> None:
    """Raises KeyboardInterrupt after a signal, however far its own exception came."""
    if _received.first is not None:
        raise KeyboardInterrupt


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Until it ends, SIGINT and SIGTERM raise KeyboardInterrupt; a second one ends the process.

    Also where SIGINT was ignored, as in a script's background: Dagster gives SIGTERM whatever
    handler SIGINT has. Without effect outside the main thread, where signals never arrive.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _received.clear()
    before = {number: signal.signal(number, _raise) for number in _SIGNALS}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup has it
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, _hang_up)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    other = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading,), name="signals", daemon=True).start()
    hook, sys.unraisablehook = sys.unraisablehook, lambda lost: _lost(lost, hook)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.set_wakeup_fd(other)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writing)


def _raise(number: int, _frame: FrameType | None) -> None:
    if not _received.raised:
        _received.raised = True
        _received.first = _received.first or signal.Signals(number)
        raise KeyboardInterrupt


def _hang_up(number: int, _frame: FrameType | None) -> None:
    """Go on as after SIGTERM, for which Dagster has its ways, without a terminal to write to."""
    _received.first = _received.first or signal.Signals(number)
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 - a device
        for stream in (1, 2):
            if stat.S_ISCHR(os.fstat(stream).st_mode):
                os.dup2(nothing.fileno(), stream)
    os.kill(os.getpid(), signal.SIGTERM)


def _lost(lost: "sys.UnraisableHookArgs", hook: Callable[[Any], object]) -> None:
    """Raise a stop again that Python dropped, once its finalizer is over; others go to ``hook``."""
    if issubclass(lost.exc_type, Exception):
        hook(lost)
    else:
        threading.Timer(_AGAIN_S, _send_again).start()


def _send_again() -> None:
    _received.watched_at, _received.raised = time.monotonic(), False
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, _received.first or signal.SIGINT)


def _watch(reading: int) -> None:
    """Record each signal, until the other end of the pipe is closed."""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while numbers := pipe.read(16):
            for number in numbers:
                if number in _SIGNALS:
                    _note(signal.Signals(number))


def _note(number: signal.Signals) -> None:
    now = time.monotonic()
    if _received.watched_at is None:
        _received.watched_at, _received.first = now, _received.first or number
    elif now - _received.watched_at > _SAME_S:
        kill_workers()
        os._exit(128 + number)
