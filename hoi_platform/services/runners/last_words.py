"""The end of a program's output, kept by several threads."""

import threading
from collections import deque


class LastWords:
    """At least the last ``limit`` bytes; the program's two pipes are read by a thread each."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._lock = threading.Lock()

    def add(self, piece: bytes) -> None:
        """Append, and forget what is no longer among the last."""
        with self._lock:
            self._pieces.append(piece)
            self._size += len(piece)
            while self._size - len(self._pieces[0]) >= self._limit:
                self._size -= len(self._pieces.popleft())

    def text(self) -> str:
        """The last ``limit`` bytes as text."""
        with self._lock:
            whole = b"".join(self._pieces)
        return whole.decode(errors="replace")[-self._limit :].strip()
