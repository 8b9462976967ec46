"""The edges of a worker at which a disaster strikes, found without any product code's help.

=====================  ===========================================================================
order, query, file     the HTTP transport, before a request leaves and after its answer arrived
statement, commit      SQLAlchemy's engine events, within a transaction
released               a connection went back to its pool: the transaction has ended
clock, sleep           the arguments that ledger and backend take
create, rename         Python's audit events of files
=====================  ===========================================================================
"""

import os
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, event

from hoi_platform.services.chaos.plan import Disaster

Strike = Callable[[Disaster], None]


class Failpoints:
    """Counts the crossings of each edge and strikes at the one that the disaster names."""

    def __init__(self, disaster: Disaster | None, strike: Strike) -> None:
        self._disaster = disaster
        self._strike = strike
        self.crossed: Counter[str] = Counter()

    def cross(self, edge: str) -> None:
        self.crossed[edge] += 1
        disaster = self._disaster
        if disaster is None or disaster.kind == "kill" or edge != disaster.edge:
            return
        if self.crossed[edge] == disaster.nth:
            self._disaster = None
            self._strike(disaster)

    def await_next(self, disaster: Disaster) -> None:
        """Strike once more, at the next crossing of another edge."""
        self._disaster = disaster
        self.crossed[disaster.edge] = 0

    def clock(self, now: Callable[[], datetime]) -> Callable[[], datetime]:
        def crossing() -> datetime:
            self.cross("clock")
            return now()

        return crossing

    def sleep(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        def crossing(seconds: float) -> None:
            self.cross("sleep")
            sleep(seconds)

        return crossing

    def watch_engine(self, engine: Engine) -> None:
        def statement(*_: Any) -> None:
            self.cross("statement")

        event.listen(engine, "before_cursor_execute", statement)
        event.listen(engine, "commit", lambda _connection: self.cross("commit"))
        event.listen(engine, "checkin", lambda *_: self.cross("released"))

    def watch_files(self, folder: Path) -> None:
        """Edges of files below ``folder``; audit hooks cannot be removed: for forked children."""
        below = str(folder)

        def hook(name: str, arguments: tuple[Any, ...]) -> None:
            if name == "open":
                path, _, flags = arguments
                written = isinstance(flags, int) and flags & os.O_CREAT
                if written and isinstance(path, str | os.PathLike):
                    self._cross_file("create", os.fspath(path), below)
            elif name == "os.rename":
                self._cross_file("rename", os.fspath(arguments[0]), below)

        sys.addaudithook(hook)

    def _cross_file(self, edge: str, path: str | bytes, below: str) -> None:
        if str(path).startswith(below):
            video = str(path).endswith((".mp4", ".part"))
            self.cross(f"{edge} {'video' if video else 'record'}")


class FailpointTransport(httpx.BaseTransport):
    """Crosses an edge before a request leaves and after its answer arrived."""

    def __init__(self, inner: httpx.BaseTransport, failpoints: Failpoints) -> None:
        self._inner = inner
        self._failpoints = failpoints

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        kind = _kind(request)
        self._failpoints.cross(f"{kind} leaves")
        response = self._inner.handle_request(request)
        self._failpoints.cross(f"{kind} answered")
        return response

    def close(self) -> None:
        self._inner.close()


def _kind(request: httpx.Request) -> str:
    if request.method == "POST":
        return "order"
    return "file" if "/files/" in request.url.path else "query"


def open_descriptors(path: Path) -> list[int]:
    """This process' descriptors of a file."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            if link.readlink() == path:
                found.append(int(link.name))
        except OSError:
            continue  # the listing's own descriptor
    return found
