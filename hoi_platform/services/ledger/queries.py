"""What is read from the ledger: rows by any name, by state and account, and what was spent."""

import contextlib
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hoi_platform.services.ledger.access import BY_EXTERNAL_ID, BY_FINGERPRINT, required_row
from hoi_platform.services.ledger.budget import spent_usd
from hoi_platform.services.ledger.clock import database_now
from hoi_platform.services.ledger.faults import explained
from hoi_platform.services.ledger.intent import Clock, next_attempt
from hoi_platform.services.ledger.schema import ClaimRow, RequestRow
from hoi_platform.services.ledger.states import SPENT, RequestState


class LedgerQueries:
    """Reads one database of paid requests."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock

    def now(self) -> datetime:
        """The time by the database's clock, or by the one that was given."""
        with self.reading() as session:
            return self._now(session)

    def _now(self, session: Session) -> datetime:
        return database_now(session) if self._clock is None else self._clock()

    def get(self, reference: str) -> RequestRow:
        """The row of a fingerprint (or a unique prefix), an external task id or a row number."""
        with self.reading() as session:
            return required_row(session, reference)

    def find(self, fingerprint: str) -> RequestRow | None:
        """The row of a whole fingerprint, if there is one."""
        with self.reading() as session:
            return session.scalar(BY_FINGERPRINT, {"reference": fingerprint})

    def find_external(self, external_task_id: str) -> RequestRow | None:
        """The row of a whole external task id, if there is one."""
        with self.reading() as session:
            return session.scalar(BY_EXTERNAL_ID, {"reference": external_task_id})

    def rows(
        self, states: Collection[RequestState] | None = None, account: str | None = None
    ) -> list[RequestRow]:
        """Rows in these states (all without) of an account (or of all), oldest first."""
        query = select(RequestRow).order_by(RequestRow.id)
        if states is not None:
            query = query.where(RequestRow.state.in_(sorted(states)))
        if account is not None:
            query = query.where(RequestRow.account == account)
        with self.reading() as session:
            return list(session.scalars(query))

    def videos_of(self, subject: str) -> list[RequestRow]:
        """Requests for a clip's videos, oldest first."""
        claimed = select(ClaimRow.request_id).where(ClaimRow.subject == subject)
        query = (
            select(RequestRow)
            .where(RequestRow.kind == "video", RequestRow.id.in_(claimed))
            .order_by(RequestRow.id)
        )
        with self.reading() as session:
            return list(session.scalars(query))

    def spent_usd(self, since: datetime | None = None) -> Decimal:
        """Cost, or estimate where the cost is not known yet, of what was reserved since then."""
        with self.reading() as session:
            return spent_usd(session, since)

    def latest_attempt(self, fingerprint: str) -> RequestRow | None:
        """The row of a request's last attempt; None when it has never been reserved."""
        row = self.find(fingerprint)
        while row is not None and row.state in SPENT:
            following = self.find(next_attempt(row.fingerprint))
            if following is None:
                break
            row = following
        return row

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that changes nothing."""
        with explained(self._engine), Session(self._engine, expire_on_commit=False) as session:
            yield session
