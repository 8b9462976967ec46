"""The progress of one account's rows: sent once, looked up when in doubt, queried in batches."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from hoi_platform.core.errors import AccountError, HoiError, RefusedError, TransientError
from hoi_platform.services.accounts import ACCOUNT_REFUSAL, account_error, is_account_refusal
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.secrets import excerpt, redacted
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.lookup import LookUp, task_ref
from hoi_platform.services.video.remote import (
    NotAcceptedError,
    RemoteTask,
    Report,
    UnknownOutcomeError,
    UnprovenRefusalError,
    VideoProvider,
)
from hoi_platform.services.video.retry import SLOT_HOLD, VideoRetry

S = RequestState

_REMOTE_STATE: Final = {
    "submitted": S.SUBMITTED,
    "processing": S.PROCESSING,
    "succeeded": S.SUCCEEDED,
    "failed": S.FAILED,
}
_RUNNING: Final = frozenset({S.SUBMITTED, S.PROCESSING})


@dataclass
class Polled:
    """The result of querying some rows."""

    rows: list[RequestRow]
    """As they are then, in the given order."""
    troubles: list[str] = field(default_factory=list)
    """Of rows whose task could not be read, each with its own reason."""


@dataclass(frozen=True)
class Orders:
    """The exchange between one provider and the ledger; every wait goes through ``sleep``."""

    provider: VideoProvider
    ledger: Ledger
    sleep: Callable[[float], None]
    retry: VideoRetry

    def step(self, request: VideoRequest, fingerprint: str) -> RequestRow:
        """One step of the request, depending on its row's state."""
        self.ledger.release_abandoned()
        row = self.ledger.get(fingerprint)
        if row.state == S.DOUBTFUL:
            row = self.look_up(row)
        if row.state != S.RESERVED:
            return row
        if row.account != self.provider.account:  # never accepted: today's account pays
            row = self.ledger.advance_if(row, S.RESERVED, account=self.provider.account)
        mine = self.ledger.begin_sending(row, self._slots(row.account))
        if mine is None:
            self.refresh(self.ledger.rows(OPEN, row.account))  # ended tasks free their slots
            return self.ledger.get(fingerprint)
        return self._send(request, mine)

    def refresh(self, rows: Sequence[RequestRow]) -> list[RequestRow]:
        """Query the state of open tasks in one batch; returns the updated rows."""
        return self.poll(rows).rows

    def poll(self, rows: Sequence[RequestRow]) -> Polled:
        """``refresh``, with the troubles. What is wrong with one task concerns its row alone."""
        asked = [row for row in rows if row.state in OPEN - {S.SENDING} and self._can_find(row)]
        reports = {
            report.external_task_id or "": report
            for report in self.provider.query([task_ref(row) for row in asked])
        }
        wanted = {row.id for row in asked}
        polled = Polled([])
        for row in rows:
            now, trouble = row, ""
            if row.id in wanted:
                now, trouble = self._noted_report(row, reports.get(row.external_task_id))
            polled.rows.append(now)
            if trouble:
                polled.troubles.append(
                    f"{self.provider.name}: {row.subject} (ledger row {row.id}): {trouble}"
                )
        return polled

    def look_up(self, row: RequestRow) -> RequestRow:
        """Find a doubtful task: only agreeing look-ups over minutes prove that it does not exist.
        Raises UnsettledError where the service cannot be queried, AccountError where it refuses to
        answer.
        """
        self._look_up.require_possible(row)
        try:
            task = self._look_up.task(row)
        except AccountError as error:
            self.ledger.advance_if(row, S.DOUBTFUL, reason=str(error))
            raise
        except HoiError as error:
            return self.ledger.advance_if(row, S.DOUBTFUL, reason=str(error))
        if task is not None:
            return self._note(row, task)
        reason = f"looked up {self.retry.lookup.attempts} times: the service has no such task"
        return self.ledger.advance_if(row, S.RESERVED, reason=reason)

    @property
    def _look_up(self) -> LookUp:
        return LookUp(self.provider, self.sleep, self.retry.lookup)

    def _send(self, request: VideoRequest, row: RequestRow) -> RequestRow:
        try:
            task = self.provider.create(request, row.external_task_id)
        except RefusedError as error:
            return self._refused(row, error)
        except NotAcceptedError as error:
            row = self.ledger.advance_if(row, S.RESERVED, reason=str(error))
            self.sleep(self.retry.submit.pause_s(error))
            return row
        except UnknownOutcomeError as error:
            return self.ledger.advance_if(row, S.DOUBTFUL, reason=str(error))
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            reason = f"interrupted while it was sent ({type(error).__name__}: {excerpt(error)})"
            self.ledger.advance_if(row, S.DOUBTFUL, reason=reason)
            raise
        return self._bought(row, task)

    def _bought(self, row: RequestRow, task: RemoteTask) -> RequestRow:
        """Record a task that was just bought; its id is not lost when it cannot be written."""
        try:
            return self._note(row, task)
        except HoiError:
            raise  # the ledger says itself what it could not write
        except Exception as error:
            why = excerpt(error).partition("\n")[0]  # the rest may quote the whole answer
            text = (
                f"{row.subject}: {self.provider.name} accepted the request as task "
                f"{task.task_id}, which could not be written into ledger row {row.id} "
                f"({type(error).__name__}: {why}). Make the ledger writable, then "
                f"`hoi ledger settle {row.id} --task-id {task.task_id}`"
            )
            sys.stderr.write(redacted(text) + "\n")  # the log may be on the same full disk
            raise TransientError(text) from error

    def _refused(self, row: RequestRow, error: RefusedError) -> RequestRow:
        """A documented refusal is final at once; any other is looked up before it is believed.

        After an earlier sending one look-up is made in any case: that one may have succeeded
        unseen.
        """
        unproven = isinstance(error, UnprovenRefusalError)
        reason = str(error)
        if unproven:
            row = self.ledger.advance_if(row, S.DOUBTFUL, reason=reason)
            if row.state != S.DOUBTFUL or not self._can_find(row):
                return row
        if unproven or (row.sends > 1 and self._can_find(row)):
            try:
                task = self._look_up.task(row, once=not unproven)
            except HoiError as unknown:
                return self.ledger.advance_if(row, S.DOUBTFUL, reason=f"{reason}; {unknown}")
            if task is not None:
                return self._note(row, task)
        answer = {"answer": ACCOUNT_REFUSAL} if isinstance(error, AccountError) else {}
        return self.ledger.advance_if(row, S.REFUSED, reason=reason, **answer)

    def _can_find(self, row: RequestRow) -> bool:
        return self.provider.knows_our_ids or row.task_id is not None

    def _slots(self, account: str) -> int | None:
        """The slots that the ledger may count up to: rows that hold theirs too long add one."""
        if self.retry.slots is None:
            return None
        rows = self.ledger.rows(OPEN, account)
        return self.retry.slots + sum(row.kind == "video" and self._lapsed(row) for row in rows)

    def _lapsed(self, row: RequestRow) -> bool:
        return self.ledger.now() - (row.sent_at or row.reserved_at) > SLOT_HOLD

    def _note(self, row: RequestRow, task: RemoteTask) -> RequestRow:
        """Write a task's reported state into its row; an unknown one leaves it running."""
        cost = {} if task.cost_usd is None else {"cost_usd": task.cost_usd}
        running = S(row.state) if row.state in _RUNNING else S.SUBMITTED
        return self.ledger.observe(
            row,
            _REMOTE_STATE.get(task.state, running),
            task_id=task.task_id,
            answer=task.answer,
            reason=task.message,
            **cost,
        )

    def _noted_report(self, row: RequestRow, report: Report | None) -> tuple[RequestRow, str]:
        """The row as it is then, and what went wrong with it."""
        try:
            if isinstance(report, RemoteTask) and report.state != "unknown":
                return self._note(row, report), ""
            return self._noted_trouble(row, report)
        except HoiError as error:  # of the ledger: this row was changed by hand, say
            return row, str(error)

    def _noted_trouble(self, row: RequestRow, report: Report | None) -> tuple[RequestRow, str]:
        """The row with why its task could not be read; what made it doubtful stays as it was."""
        if isinstance(report, RemoteTask):
            trouble = report.message
        else:
            trouble = report.reason if report else f"{self.provider.name} did not report it"
        if row.account != self.provider.account:
            trouble += f"; it was sent with {row.account}, today's keys are another account's"
        if self._lapsed(row):
            hours = SLOT_HOLD.total_seconds() / 3600
            trouble += (
                f"; sent more than {hours:.0f} h ago, it no longer holds a slot: look into the "
                f"service's console, then `hoi ledger settle {row.id} --give-up`"
            )
        if isinstance(report, RemoteTask) and row.state not in _RUNNING:
            return self._note(row, report), trouble
        if row.state not in _RUNNING or row.reason == trouble:
            return row, trouble
        return self.ledger.advance_if(row, S(row.state), reason=trouble), trouble


def refusal_of(row: RequestRow) -> RefusedError:
    """The error of a request that was refused, or whose task failed."""
    if is_account_refusal(row):
        return account_error(row)
    verb = "refused the request" if row.state == S.REFUSED else "failed to make the video"
    return RefusedError(
        f"{row.subject}: {row.provider} {verb} (ledger row {row.id}): {row.reason}. It is not "
        "tried again automatically; change the prompt or the frame, or see "
        f"`hoi ledger show {row.id}`"
    )
