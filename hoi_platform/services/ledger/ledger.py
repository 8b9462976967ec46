"""What changes the ledger: reserve, begin to send, advance. Safe for many processes."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.ledger.access import (
    BY_FINGERPRINT,
    holds_no_video,
    lock_account,
    open_videos,
    required_row,
)
from hoi_platform.services.ledger.budget import check_budget
from hoi_platform.services.ledger.costs import cost_problem
from hoi_platform.services.ledger.faults import explained
from hoi_platform.services.ledger.intent import (
    LEASE,
    UNLIMITED,
    Budget,
    Clock,
    Intent,
    next_attempt,
)
from hoi_platform.services.ledger.moves import claimed, id_never_lost, moved
from hoi_platform.services.ledger.queries import LedgerQueries
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import (
    SPENT,
    IllegalTransitionError,
    RequestState,
    check_transition,
    is_old_news,
)
from hoi_platform.services.process_id import ProcessId
from hoi_platform.services.secrets import redacted

_EVERYONE: Final = "*"

Guard = Callable[[bool], None]
"""Called before a request enters the ledger, with whether it is the first video there; raises
an error of ours when nothing may be bought."""


class Ledger(LedgerQueries):
    """One database of paid requests; made by ``services.ledger.database.open_ledger``."""

    def __init__(
        self,
        engine: Engine,
        budget: Budget = UNLIMITED,
        clock: Clock | None = None,
        lease: timedelta = LEASE,
        guard: Guard | None = None,
    ) -> None:
        super().__init__(engine, clock)
        self._budget = budget
        self._lease = lease
        self._guard = guard

    def reserve(self, intent: Intent) -> RequestRow:
        """The row of this request, new or existing; its subject is among those that the row is for.

        Raises BudgetError before a new one, and what the guard raises.
        """
        with self.writing() as session:  # budgets span all accounts
            row = session.scalar(BY_FINGERPRINT, {"reference": intent.fingerprint})
            if row is not None:
                return claimed(row, [intent.subject])
            if self._guard is not None:
                self._guard(holds_no_video(session))
            now = self._now(session)
            check_budget(
                session, self._budget, now, intent.subject, intent.model, intent.estimate_usd
            )
            row = RequestRow(
                fingerprint=intent.fingerprint,
                external_task_id=intent.external_task_id,
                kind=intent.kind,
                provider=intent.provider,
                account=intent.account,
                model=intent.model,
                subject=redacted(intent.subject),
                attempt=intent.attempt,
                estimate_usd=intent.estimate_usd,
                state=RequestState.RESERVED,
                reserved_at=now,
                updated_at=now,
                sends=0,
                reason="",
                ordered=intent.ordered or None,
            )
            session.add(row)
            return claimed(row, [intent.subject])

    def claim(self, row: RequestRow, subject: str) -> RequestRow:
        """Note that a request is for this clip or object too."""
        if subject in row.subjects:
            return row
        with self.writing(row.account) as session:
            return claimed(required_row(session, row.fingerprint), [subject])

    def reserve_again(self, reference: str) -> RequestRow:
        """A new row for a request that failed or was rejected, as a person decided.

        Raises BudgetError, IllegalTransitionError.
        """
        old = self.get(reference)
        if old.state not in SPENT:
            raise IllegalTransitionError(
                f"row {old.id} is {old.state}; only a failed request, or one whose video was "
                "rejected, is ordered once more"
            )
        row = self.reserve(
            Intent(
                fingerprint=next_attempt(old.fingerprint),
                kind=old.kind,
                provider=old.provider,
                account=old.account,
                model=old.model,
                subject=old.subject,
                estimate_usd=old.estimate_usd,
                attempt=old.attempt + 1,
                ordered=old.ordered or {},
            )
        )
        for subject in old.subjects:
            row = self.claim(row, subject)
        return row

    def begin_sending(self, row: RequestRow, slots: int | None = None) -> RequestRow | None:
        """Claim the right to send; returns the row to exactly one caller, None to all others.

        None when another process has it, the row is past it, or the account already holds
        ``slots`` open tasks.
        """
        with self.writing(row.account) as session:
            row = required_row(session, row.fingerprint)
            full = slots is not None and open_videos(session, row.account) >= slots
            if full or row.state != RequestState.RESERVED:
                return None
            now, sender = self._now(session), ProcessId.own()
            changes = {
                "sent_at": now,
                "lease_until": now + self._lease,
                "sends": row.sends + 1,
                "sender": sender.as_json(),
                "reason": f"{sender} is sending it and has not recorded an answer",
            }
            return self._move(session, row, RequestState.SENDING, changes)

    def advance(self, fingerprint: str, state: RequestState, **changes: Any) -> RequestRow:
        """Advance a row and record what is known; raises IllegalTransitionError.

        Raises UnwrittenAnswerError when the id of a bought task cannot be written.
        """
        row = self.get(fingerprint)
        with id_never_lost(row, changes), self.writing(row.account) as session:
            return self._move(session, required_row(session, fingerprint), state, changes)

    def observe(self, row: RequestRow, state: RequestState, **changes: Any) -> RequestRow:
        """Record what a service reports of a task; an outdated report changes nothing.

        Raises UnwrittenAnswerError when the id of a bought task cannot be written.
        """
        with id_never_lost(row, changes), self.writing(row.account) as session:
            row = required_row(session, row.fingerprint)
            if is_old_news(RequestState(row.state), state):
                return row
            return self._move(session, row, state, changes)

    def reserve_anew(self, reference: str) -> RequestRow:
        """A refused row may be sent once more, as a person decided. Raises BudgetError."""
        row = self.get(reference)
        with self.writing() as session:
            row = required_row(session, row.fingerprint)
            check_transition(RequestState(row.state), RequestState.RESERVED)
            now = self._now(session)
            check_budget(session, self._budget, now, row.subject, row.model, row.estimate_usd)
            changes = {"reserved_at": now, "finished_at": None, "reason": ""}
            return self._move(session, row, RequestState.RESERVED, changes)

    def settle_cost(self, reference: str, cost: Decimal, *, confirmed: bool = False) -> RequestRow:
        """Record what a request cost, as a person states it. Raises BadInputError on what cannot be
        right."""
        row = self.get(reference)
        if problem := cost_problem(cost, row.estimate_usd, confirmed=confirmed):
            cure = "; if it is right, add --confirm-cost" if "estimate" in problem else ""
            raise BadInputError(f"a cost of row {row.id} is not recorded: {problem}{cure}")
        with self.writing(row.account) as session:
            row = required_row(session, row.fingerprint)
            row.cost_usd = cost
            return row

    def _move(
        self, session: Session, row: RequestRow, state: RequestState, changes: dict[str, Any]
    ) -> RequestRow:
        return moved(row, state, changes, self._now(session))

    def advance_if(self, row: RequestRow, state: RequestState, **changes: Any) -> RequestRow:
        """``advance``, but only if the row is still as in ``row``; else the row as it is now.

        What one process concluded from an old state must not undo what another did since.
        """
        with self.writing(row.account) as session:
            now = required_row(session, row.fingerprint)
            if (now.state, now.sends) != (row.state, row.sends):
                return now
            return self._move(session, now, state, changes)

    def judge(self, row: RequestRow, file: Path, failed: Sequence[str]) -> RequestRow:
        """Record what was found about a row's file: ``failed`` names the checks that it failed."""
        state = RequestState.REJECTED if failed else RequestState.DELIVERED
        known = {"result": str(file), "reason": "; ".join(failed), "fetch_after": None}
        return self.advance_if(row, state, **known)

    def release_abandoned(self) -> None:
        """Rows whose sender died between sending and recording the answer become doubtful.

        On the sender's host at once, elsewhere when its lease has run out.
        """
        now = self.now()
        for row in self.rows({RequestState.SENDING}):
            expired = row.lease_until is not None and row.lease_until <= now
            if expired or (row.sender and ProcessId.parse(row.sender).is_dead()):
                reason = "its sender ended before it recorded an answer; a task may exist"
                self.advance_if(row, RequestState.DOUBTFUL, reason=reason)

    @contextlib.contextmanager
    def writing(self, account: str = _EVERYONE) -> Iterator[Session]:
        """A transaction that holds the account's row: writers of one account queue here.

        The update acquires the row's lock on PostgreSQL and the database's write lock on SQLite
        before anything is read, so that what is read cannot change until the commit.
        """
        with (
            explained(self._engine),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            lock_account(session, account)
            yield session
