"""One life of a worker process, from its fork to its end; it never returns to its parent."""

import gc
import json
import os
import random
import signal
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event, make_url

from hoi_platform.core.errors import HoiError
from hoi_platform.services.chaos import buying, kernel
from hoi_platform.services.chaos.clock import SharedClock
from hoi_platform.services.chaos.failpoints import (
    Failpoints,
    FailpointTransport,
    open_descriptors,
)
from hoi_platform.services.chaos.plan import Case, Disaster, Kind
from hoi_platform.services.ledger.database import make_engine
from hoi_platform.services.ledger.ledger import Ledger

DIED_AT_EDGE: Final = 99
"""The exit status of a process that ended itself at an edge; chosen, as nothing else exits with
it."""
LEDGER_FILES: Final = ("", "-wal")
"""What SQLite keeps on the disk, besides its shared memory."""
_TERMINATE: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
)
_AFTER_LYING: Final = ("order leaves", "order answered", "released", "sleep")


@dataclass
class Worker:
    """What a life is made of."""

    case: Case
    site: buying.Site
    clock: SharedClock
    slot: int
    disaster: Disaster | None
    report: socket.socket
    seed: int
    crash_server: Callable[[], None] | None = None
    _server_fault: str = ""

    def run(self) -> None:
        """Work, report, end. The parent's objects are never touched again."""
        gc.freeze()
        os.environ["PGAPPNAME"] = _application_name()
        try:
            outcomes = self._work()
        except BaseException as error:  # noqa: BLE001 - reported, and judged by the parent
            outcomes = [_outcome(error)]
        self._tell({"outcomes": outcomes})
        os._exit(0)

    def _work(self) -> list[dict[str, Any]]:
        self._failpoints = Failpoints(self.disaster, self._strike)
        self._engine = make_engine(self.site.ledger_url)
        self._failpoints.watch_engine(self._engine)
        self._watch_server()
        self._failpoints.watch_files(self.site.folder)
        now = self._failpoints.clock(self.clock.now)
        sleep = self._failpoints.sleep(self.clock.sleep_of(self.slot))
        transport = FailpointTransport(buying.network(), self._failpoints)
        provider = buying.provider_of(self.case, self.site, self.clock.now, transport)
        ledger = Ledger(self._engine, clock=now)
        backend = buying.backend_of(self.case, provider, ledger, self.site, sleep, self.seed)
        outcomes = []
        for index, request in enumerate(buying.requests_of(self.case, self.site)):
            try:
                buying.buy(backend, request, buying.clip_of(self.case, index), self.site)
            except Exception as error:  # noqa: BLE001 - reported, and judged by the parent
                outcomes.append(_outcome(error))
            else:
                outcomes.append({"end": "delivered", "typed": True, "text": ""})
        self._engine.dispose()
        return outcomes

    def _strike(self, disaster: Disaster) -> None:
        crossed = dict(self._failpoints.crossed)
        self._tell({"struck": str(disaster), "crossed": sum(crossed.values())})
        _STRIKES[disaster.kind](self, disaster)

    def _exit(self, _disaster: Disaster) -> None:
        if self.seed % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(DIED_AT_EDGE)

    def _pause(self, _disaster: Disaster) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    def _fill_disk(self, disaster: Disaster) -> None:
        if self._engine.dialect.name == "postgresql" and disaster.target.startswith("ledger"):
            setting = disaster.target.removeprefix("ledger ")
            self._server_fault = f"SET hoi_chaos.{setting} = '{disaster.error}'"
        else:
            kernel.fail_from_now_on(disaster.target, disaster.error)

    def _watch_server(self) -> None:
        """From now on the server answers each write as it does when its disk fails."""

        def fail(_connection: Any, cursor: Any, *_: Any) -> None:
            if self._server_fault:
                cursor.execute(self._server_fault)

        if self._engine.dialect.name == "postgresql":
            event.listen(self._engine, "before_cursor_execute", fail)

    def _tear(self, _disaster: Disaster) -> None:
        """Die while the ledger is synced: the log at a commit, or the database at a checkpoint."""
        self._snapshot()
        path = database_path(self.site.ledger_url)
        if random.Random(self.seed).random() < 0.75:
            self._tell({"tear": "-wal"})
            kernel.die_at_sync_of(open_descriptors(Path(f"{path}-wal")))
            return
        self._tell({"tear": ""})
        connection = sqlite3.connect(path)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        kernel.die_at_sync_of(open_descriptors(path))
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()

    def _lie(self, _disaster: Disaster) -> None:
        """What is committed from here on will be lost, though it was confirmed."""
        self._snapshot()
        edge = random.Random(self.seed).choice(_AFTER_LYING)
        self._failpoints.await_next(Disaster("exit", edge, 1))

    def _snapshot(self) -> None:
        path = database_path(self.site.ledger_url)
        for suffix in LEDGER_FILES:
            source = Path(f"{path}{suffix}")
            data = source.read_bytes() if source.exists() else b""
            Path(f"{path}{suffix}.before").write_bytes(data)

    def _lose_connection(self, _disaster: Disaster) -> None:
        """End this process' connections at the database server."""
        import psycopg2

        connection = psycopg2.connect(self.site.ledger_url, application_name="chaos")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(_TERMINATE, (_application_name(),))
        connection.close()

    def _crash_server(self, _disaster: Disaster) -> None:
        assert self.crash_server is not None
        self.crash_server()

    def _tell(self, what: dict[str, Any]) -> None:
        self.report.send(json.dumps(what).encode())


_STRIKES: Final[dict[Kind, Callable[[Worker, Disaster], None]]] = {
    "exit": Worker._exit,
    "pause": Worker._pause,
    "disk": Worker._fill_disk,
    "torn": Worker._tear,
    "lying_disk": Worker._lie,
    "connection": Worker._lose_connection,
    "server_crash": Worker._crash_server,
}


def database_path(url: str) -> Path:
    """The file of an SQLite ledger."""
    return Path(make_url(url).database or "")


def _application_name() -> str:
    return f"chaos-{os.getpid()}"


def _outcome(error: BaseException) -> dict[str, Any]:
    """How a request ended for one process."""
    typed = isinstance(error, HoiError)
    return {"end": type(error).__name__, "typed": typed, "text": str(error)[:2000]}
