"""A total deadline of one HTTP attempt: at its end the connection is shut down.

httpx limits each read and write by itself; a service that sends one byte per minute would keep an
attempt alive for hours, beyond the ledger's lease.
"""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self


class DeadlineExceededError(Exception):
    """The attempt took too long."""


class Deadline:
    """``with Deadline(seconds) as deadline``; ``deadline.trace`` goes into a request's extensions.

    The socket is shut down through a duplicate, so that a blocked read or write ends at once,
    whether or not the connection is encrypted.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for held in self._held:
                held.close()
            self._held.clear()

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self._ends

    def check(self) -> None:
        """Raises DeadlineExceededError."""
        if self.expired:
            raise DeadlineExceededError

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace callback: keeps a hold on each connection that is opened."""
        if event != "connection.connect_tcp.complete":
            return
        stream = info["return_value"]
        if self.expired:
            stream.close()  # nobody else holds it yet
            raise DeadlineExceededError
        opened = stream.get_extra_info("socket")
        with self._lock:
            self._held.append(opened.dup())

    def _expire(self) -> None:
        with self._lock:
            for held in self._held:
                with contextlib.suppress(OSError):  # the peer was faster
                    held.shutdown(socket.SHUT_RDWR)
