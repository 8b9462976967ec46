"""The book's operations: reserve, begin to send, advance, query. Safe for many processes."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast

from sqlalchemy import CursorResult, Engine, func, select, update
from sqlalchemy.orm import Session

from hoi_platform.core.errors import BadInputError, BudgetError
from hoi_platform.services.ledger.redact import redacted
from hoi_platform.services.ledger.schema import AccountRow, RequestRow
from hoi_platform.services.ledger.states import (
    COUNTED,
    OPEN,
    TERMINAL,
    RequestState,
    check_transition,
)

Clock = Callable[[], datetime]
LEASE: Final = timedelta(minutes=5)
"""Longer than any HTTP timeout: a row still ``sending`` after it has lost its sender."""

_EVERYONE: Final = "*"


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Budget:
    """Upper limits of what may be reserved, in USD; None means no limit."""

    per_day_usd: Decimal | None = None
    per_month_usd: Decimal | None = None


@dataclass(frozen=True)
class Intent:
    """What is about to be bought."""

    fingerprint: str
    kind: str
    provider: str
    account: str
    model: str
    subject: str
    estimate_usd: Decimal
    attempt: int = 0

    @property
    def external_task_id(self) -> str:
        """Ours, the same for the same request on every machine."""
        return f"hoi-{self.fingerprint[:40]}"


class Ledger:
    """One database of paid requests; made by ``services.ledger.database.open_ledger``."""

    def __init__(self, engine: Engine, budget: Budget = Budget(), clock: Clock = utc_now) -> None:
        self._engine = engine
        self._budget = budget
        self._clock = clock

    def reserve(self, intent: Intent) -> RequestRow:
        """The row of this request, new or as it stands. Raises BudgetError before a new one."""
        with self._writing(_EVERYONE) as session:  # budgets span all accounts
            row = session.scalar(
                select(RequestRow).where(RequestRow.fingerprint == intent.fingerprint)
            )
            if row is not None:
                return row
            self._check_budget(session, intent)
            now = self._clock()
            row = RequestRow(
                fingerprint=intent.fingerprint,
                external_task_id=intent.external_task_id,
                kind=intent.kind,
                provider=intent.provider,
                account=intent.account,
                model=intent.model,
                subject=intent.subject,
                attempt=intent.attempt,
                estimate_usd=intent.estimate_usd,
                state=RequestState.RESERVED,
                reserved_at=now,
                updated_at=now,
                sends=0,
                reason="",
            )
            session.add(row)
            return row

    def begin_sending(self, fingerprint: str, slots: int | None = None) -> bool:
        """Take the right to send; True for exactly one caller.

        False when another process has it, the row is past it, or the account already holds
        ``slots`` open tasks.
        """
        account = self.get(fingerprint).account
        with self._writing(account) as session:
            if slots is not None and self._open_count(session, account) >= slots:
                return False
            now = self._clock()
            taken = session.execute(
                update(RequestRow)
                .where(RequestRow.fingerprint == fingerprint)
                .where(RequestRow.state == RequestState.RESERVED)
                .values(
                    state=RequestState.SENDING,
                    sent_at=now,
                    lease_until=now + LEASE,
                    updated_at=now,
                    sends=RequestRow.sends + 1,
                )
            )
            return cast(CursorResult[Any], taken).rowcount == 1

    def advance(self, fingerprint: str, state: RequestState, **changes: Any) -> RequestRow:
        """Move a row on and note what is known; raises IllegalTransitionError."""
        account = self.get(fingerprint).account
        with self._writing(account) as session:
            row = _required(session, fingerprint)
            check_transition(RequestState(row.state), state)
            if "answer" in changes:
                changes["answer"] = redacted(changes["answer"])
            for name, value in changes.items():
                if not hasattr(RequestRow, name):
                    raise AttributeError(f"a ledger row has no {name}")
                setattr(row, name, value)
            row.state = state
            row.updated_at = self._clock()
            if state in TERMINAL:
                row.finished_at = row.updated_at
            return row

    def expire_leases(self) -> list[RequestRow]:
        """Rows whose sender died between sending and noting the answer become doubtful."""
        stale = [
            row
            for row in self.rows({RequestState.SENDING})
            if row.lease_until is not None and row.lease_until <= self._clock()
        ]
        return [
            self.advance(
                row.fingerprint,
                RequestState.DOUBTFUL,
                reason="its sender ended before it noted an answer; a task may exist",
            )
            for row in stale
        ]

    def get(self, fingerprint: str) -> RequestRow:
        """The row of a fingerprint (or a unique prefix, or an external task id)."""
        with self._reading() as session:
            return _required(session, fingerprint)

    def rows(self, states: set[RequestState] | None = None) -> list[RequestRow]:
        """Rows in these states (all without), oldest first."""
        query = select(RequestRow).order_by(RequestRow.id)
        if states is not None:
            query = query.where(RequestRow.state.in_(sorted(states)))
        with self._reading() as session:
            return list(session.scalars(query))

    def spent_usd(self, since: datetime | None = None) -> Decimal:
        """Cost, or estimate where the cost is not known yet, of what was reserved since then."""
        with self._reading() as session:
            return self._spent(session, since)

    def _check_budget(self, session: Session, intent: Intent) -> None:
        now = self._clock()
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        limits = (
            ("day", self._budget.per_day_usd, day),
            ("month", self._budget.per_month_usd, day.replace(day=1)),
        )
        for period, limit, since in limits:
            if limit is None:
                continue
            spent = self._spent(session, since)
            if spent + intent.estimate_usd > limit:
                raise BudgetError(
                    f"{intent.subject}: {intent.estimate_usd:.2f} USD for {intent.model} was not "
                    f"sent: this {period} {spent:.2f} of {limit:.2f} USD are spent or reserved; "
                    f"raise the budget per {period} in the configuration or wait"
                )

    @staticmethod
    def _spent(session: Session, since: datetime | None) -> Decimal:
        amount = func.coalesce(RequestRow.cost_usd, RequestRow.estimate_usd)
        query = select(func.sum(amount)).where(RequestRow.state.in_(sorted(COUNTED)))
        if since is not None:
            query = query.where(RequestRow.reserved_at >= since)
        return Decimal(session.scalar(query) or 0)

    @staticmethod
    def _open_count(session: Session, account: str) -> int:
        query = (
            select(func.count())
            .select_from(RequestRow)
            .where(RequestRow.account == account, RequestRow.state.in_(sorted(OPEN)))
            .where(RequestRow.kind == "video")
        )
        return session.scalar(query) or 0

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Session]:
        with Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def _writing(self, account: str) -> Iterator[Session]:
        """A transaction that holds the account's row: writers of one account queue here.

        The update takes the row's lock on PostgreSQL and the database's write lock on SQLite
        before anything is read, so that what is read cannot change until the commit.
        """
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            _lock_account(session, account)
            yield session


def _lock_account(session: Session, account: str) -> None:
    statement = (
        update(AccountRow).where(AccountRow.name == account).values(touched=AccountRow.touched + 1)
    )
    if cast(CursorResult[Any], session.execute(statement)).rowcount:
        return
    _insert_account(session, account)
    session.execute(statement)


def _insert_account(session: Session, account: str) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.execute(insert(AccountRow).values(name=account, touched=0).on_conflict_do_nothing())


def _required(session: Session, reference: str) -> RequestRow:
    exact = select(RequestRow).where(
        (RequestRow.fingerprint == reference) | (RequestRow.external_task_id == reference)
    )
    if (row := session.scalar(exact)) is not None:
        return row
    matches = list(
        session.scalars(
            select(RequestRow).where(RequestRow.fingerprint.startswith(reference)).limit(2)
        )
    )
    if len(matches) == 1:
        return matches[0]
    found = "several rows begin" if matches else "no row begins"
    raise BadInputError(f"{found} with {reference!r}; see `hoi ledger list`")
