"""Heartbeats of runs, in the database of the Dagster instance and by that database's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.schema import CreateTable

from hoi_platform.services.ledger.clock import database_now
from hoi_platform.services.process_id import ProcessId

BEAT_EVERY: Final = timedelta(seconds=15)
"""Chosen: well below the time that any stage takes, and one small write."""
MISSED_BEATS: Final = 3
"""After which a run counts as dead; chosen: one may be late under load, three are not."""
_KEPT: Final = timedelta(days=1)
"""How long a last beat stays; chosen: it is one small row."""

_TABLE: Final = sa.Table(
    "hoi_heartbeats",
    sa.MetaData(),
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("process", sa.JSON, nullable=False),
    sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
)


@dataclass(frozen=True)
class Heartbeat:
    """The last beat of a run."""

    run_id: str
    process: ProcessId
    age: timedelta

    def death(self) -> str | None:
        """Why its run counts as dead; None as long as it may be alive."""
        if self.process.is_dead():
            return f"{self.process} has ended"
        if self.age > MISSED_BEATS * BEAT_EVERY:
            return f"{self.process} has not been heard of for {self.age.total_seconds():.0f} s"
        return None


class Heartbeats:
    """The table of heartbeats in an instance's database, made where it is missing."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._storage: Any = instance.run_storage
        try:
            with self._connected() as connection:
                connection.execute(CreateTable(_TABLE, if_not_exists=True))
        except (IntegrityError, ProgrammingError):
            # PostgreSQL, where two processes create it at the same moment: the other one has.
            with self._connected() as connection:
                connection.execute(_TABLE.select().limit(0))

    def beat(self, run_id: str, process: ProcessId) -> None:
        """Note that the run's process is alive now."""
        with self._connected() as connection:
            values = {"process": process.as_json(), "beat_at": database_now(connection)}
            mine = _TABLE.c.run_id == run_id
            if connection.execute(_TABLE.update().where(mine).values(values)).rowcount == 0:
                connection.execute(_TABLE.insert().values(run_id=run_id, **values))

    def forget_old(self) -> None:
        """Remove beats of a time whose runs have long ended, or were failed."""
        with self._connected() as connection:
            oldest = database_now(connection) - _KEPT
            connection.execute(_TABLE.delete().where(_TABLE.c.beat_at < oldest))

    def of(self, run_id: str) -> Heartbeat | None:
        """The run's last beat, or None where it has none."""
        with self._connected() as connection:
            found = connection.execute(_TABLE.select().where(_TABLE.c.run_id == run_id)).first()
            if found is None:
                return None
            now = database_now(connection)
        return Heartbeat(run_id, ProcessId.parse(found.process), now - _utc(found.beat_at, now))

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        # Every SQL storage of Dagster has `connect`, which its base class does not declare.
        with self._storage.connect() as connection:
            yield cast("sa.Connection", connection)


def _utc(moment: datetime, now: datetime) -> datetime:
    """SQLite gives times back without their zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
