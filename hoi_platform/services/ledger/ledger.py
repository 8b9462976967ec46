"""The book's operations: reserve, begin to send, advance, query. Safe for many processes."""

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast

from sqlalchemy import CursorResult, Engine, bindparam, func, select, update
from sqlalchemy.orm import Session

from hoi_platform.core.errors import BadInputError, BudgetError
from hoi_platform.services.ledger.redact import redacted
from hoi_platform.services.ledger.schema import AccountRow, RequestRow
from hoi_platform.services.ledger.states import (
    COUNTED,
    OPEN,
    TERMINAL,
    IllegalTransitionError,
    RequestState,
    check_transition,
    is_old_news,
)

Clock = Callable[[], datetime]
LEASE: Final = timedelta(minutes=10)
"""Longer than any HTTP timeout: a row still ``sending`` after it has lost its sender."""

_EVERYONE: Final = "*"
_MAX_ROW_DIGITS: Final = 9


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


def next_attempt(fingerprint: str) -> str:
    """The fingerprint under which the same request is ordered once more."""
    return hashlib.sha256(f"{fingerprint}/again".encode()).hexdigest()


# Built once: building a statement costs more than running it.
_BY_FINGERPRINT: Final = select(RequestRow).where(RequestRow.fingerprint == bindparam("reference"))
_BY_EXTERNAL_ID: Final = select(RequestRow).where(
    RequestRow.external_task_id == bindparam("reference")
)
_LOCK: Final = (
    update(AccountRow)
    .where(AccountRow.name == bindparam("account"))
    .values(touched=AccountRow.touched + 1)
    .execution_options(synchronize_session=False)
)


class Ledger:
    """One database of paid requests; made by ``services.ledger.database.open_ledger``."""

    def __init__(
        self,
        engine: Engine,
        budget: Budget = Budget(),
        clock: Clock = utc_now,
        lease: timedelta = LEASE,
    ) -> None:
        self._engine = engine
        self._budget = budget
        self._clock = clock
        self._lease = lease

    def reserve(self, intent: Intent) -> RequestRow:
        """The row of this request, new or as it stands. Raises BudgetError before a new one."""
        with self._writing(_EVERYONE) as session:  # budgets span all accounts
            row = session.scalar(_BY_FINGERPRINT, {"reference": intent.fingerprint})
            if row is not None:
                return row
            self._check_budget(session, intent.subject, intent.model, intent.estimate_usd)
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

    def reserve_again(self, reference: str) -> RequestRow:
        """A new row for a request whose task failed at the service, as a person decided.

        Raises BudgetError, IllegalTransitionError.
        """
        old = self.get(reference)
        if old.state != RequestState.FAILED:
            raise IllegalTransitionError(
                f"row {old.id} is {old.state}; only a failed request is ordered once more"
            )
        return self.reserve(
            Intent(
                fingerprint=next_attempt(old.fingerprint),
                kind=old.kind,
                provider=old.provider,
                account=old.account,
                model=old.model,
                subject=old.subject,
                estimate_usd=old.estimate_usd,
                attempt=old.attempt + 1,
            )
        )

    def latest_attempt(self, fingerprint: str) -> RequestRow | None:
        """The row of a request's last attempt; None when it has never been reserved."""
        row = self.find(fingerprint)
        while row is not None and row.state == RequestState.FAILED:
            following = self.find(next_attempt(row.fingerprint))
            if following is None:
                break
            row = following
        return row

    def begin_sending(self, row: RequestRow, slots: int | None = None) -> RequestRow | None:
        """Take the right to send; the row for exactly one caller, None for all others.

        None when another process has it, the row is past it, or the account already holds
        ``slots`` open tasks.
        """
        with self._writing(row.account) as session:
            row = _required(session, row.fingerprint)
            full = slots is not None and self._open_count(session, row.account) >= slots
            if full or row.state != RequestState.RESERVED:
                return None
            now = self._clock()
            changes = {"sent_at": now, "lease_until": now + self._lease, "sends": row.sends + 1}
            return self._move(row, RequestState.SENDING, changes)

    def advance(self, fingerprint: str, state: RequestState, **changes: Any) -> RequestRow:
        """Move a row on and note what is known; raises IllegalTransitionError."""
        account = self.get(fingerprint).account
        with self._writing(account) as session:
            return self._move(_required(session, fingerprint), state, changes)

    def observe(self, row: RequestRow, state: RequestState, **changes: Any) -> RequestRow:
        """Note what a service reports of a task; old news leave the row as it is."""
        with self._writing(row.account) as session:
            row = _required(session, row.fingerprint)
            if is_old_news(RequestState(row.state), state):
                return row
            return self._move(row, state, changes)

    def reserve_anew(self, reference: str) -> RequestRow:
        """A refused row may be sent once more, as a person decided. Raises BudgetError."""
        row = self.get(reference)
        with self._writing(_EVERYONE) as session:
            row = _required(session, row.fingerprint)
            check_transition(RequestState(row.state), RequestState.RESERVED)
            self._check_budget(session, row.subject, row.model, row.estimate_usd)
            changes = {"reserved_at": self._clock(), "finished_at": None, "reason": ""}
            return self._move(row, RequestState.RESERVED, changes)

    def _move(self, row: RequestRow, state: RequestState, changes: dict[str, Any]) -> RequestRow:
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

    def advance_if(self, row: RequestRow, state: RequestState, **changes: Any) -> RequestRow:
        """``advance``, but only if the row still stands as ``row`` did; else as it stands now.

        What one process concluded from an old state must not undo what another did since.
        """
        with self._writing(row.account) as session:
            now = _required(session, row.fingerprint)
            if (now.state, now.sends) != (row.state, row.sends):
                return now
            return self._move(now, state, changes)

    def expire_leases(self) -> None:
        """Rows whose sender died between sending and noting the answer become doubtful."""
        now = self._clock()
        for row in self.rows({RequestState.SENDING}):
            if row.lease_until is not None and row.lease_until <= now:
                reason = "its sender ended before it noted an answer; a task may exist"
                self.advance_if(row, RequestState.DOUBTFUL, reason=reason)

    def get(self, reference: str) -> RequestRow:
        """The row of a fingerprint (or a unique prefix), an external task id or a row number."""
        with self._reading() as session:
            return _required(session, reference)

    def find(self, fingerprint: str) -> RequestRow | None:
        """The row of a whole fingerprint, if there is one."""
        with self._reading() as session:
            return session.scalar(_BY_FINGERPRINT, {"reference": fingerprint})

    def find_external(self, external_task_id: str) -> RequestRow | None:
        """The row of a whole external task id, if there is one."""
        with self._reading() as session:
            return session.scalar(_BY_EXTERNAL_ID, {"reference": external_task_id})

    def rows(
        self, states: Collection[RequestState] | None = None, account: str | None = None
    ) -> list[RequestRow]:
        """Rows in these states (all without) of an account (or of all), oldest first."""
        query = select(RequestRow).order_by(RequestRow.id)
        if states is not None:
            query = query.where(RequestRow.state.in_(sorted(states)))
        if account is not None:
            query = query.where(RequestRow.account == account)
        with self._reading() as session:
            return list(session.scalars(query))

    def spent_usd(self, since: datetime | None = None) -> Decimal:
        """Cost, or estimate where the cost is not known yet, of what was reserved since then."""
        with self._reading() as session:
            return self._spent(session, since)

    def _check_budget(self, session: Session, subject: str, model: str, estimate: Decimal) -> None:
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
            if spent + estimate > limit:
                raise BudgetError(
                    f"{subject}: a request to {model} for {estimate:.2f} USD was not sent: "
                    f"{spent:.2f} of {limit:.2f} USD of this {period}'s budget are spent or "
                    f"reserved; raise video.budget.per_{period}_usd in the configuration or wait"
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
    values = {"account": account}
    if cast(CursorResult[Any], session.execute(_LOCK, values)).rowcount:
        return
    _insert_account(session, account)
    session.execute(_LOCK, values)


def _insert_account(session: Session, account: str) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.execute(insert(AccountRow).values(name=account, touched=0).on_conflict_do_nothing())


def _required(session: Session, reference: str) -> RequestRow:
    for exact in (_BY_FINGERPRINT, _BY_EXTERNAL_ID):
        if (row := session.scalar(exact, {"reference": reference})) is not None:
            return row
    if reference.isdigit() and len(reference) <= _MAX_ROW_DIGITS:
        numbered = session.get(RequestRow, int(reference))
        if numbered is not None:
            return numbered
    matches = list(
        session.scalars(
            select(RequestRow).where(RequestRow.fingerprint.startswith(reference)).limit(2)
        )
    )
    if len(matches) == 1:
        return matches[0]
    found = "several rows begin with" if matches else "no row is, or begins with,"
    raise BadInputError(f"{found} {reference!r}; see `hoi ledger list`")
