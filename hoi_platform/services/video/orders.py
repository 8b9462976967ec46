"""Rows of one account brought further: sent once, looked up when in doubt, asked for in batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hoi_platform.core.errors import RefusedError, TransientError, UnsettledError
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.patience import Patience
from hoi_platform.services.video.remote import (
    NotAcceptedError,
    RemoteTask,
    TaskRef,
    UnknownOutcomeError,
    VideoProvider,
)

S = RequestState

_REMOTE_STATE: Final = {
    "submitted": S.SUBMITTED,
    "processing": S.PROCESSING,
    "succeeded": S.SUCCEEDED,
    "failed": S.FAILED,
}


@dataclass(frozen=True)
class Orders:
    """What one provider and the ledger say to each other; every wait goes through ``sleep``."""

    provider: VideoProvider
    ledger: Ledger
    sleep: Callable[[float], None]
    patience: Patience

    def step(self, request: VideoRequest, fingerprint: str) -> RequestRow:
        """One attempt to bring the request further, by where its row stands."""
        self.ledger.expire_leases()
        row = self.ledger.get(fingerprint)
        if row.state == S.DOUBTFUL:
            row = self.look_up(row)
        if row.state != S.RESERVED:
            return row
        if row.account != self.provider.account:  # never taken: whoever has the keys today pays
            row = self.ledger.advance_if(row, S.RESERVED, account=self.provider.account)
        mine = self.ledger.begin_sending(row, self.patience.slots)
        if mine is None:
            self._free_slots(row.account)
            return self.ledger.get(fingerprint)
        return self._send(request, mine)

    def refresh(self, rows: Sequence[RequestRow]) -> list[RequestRow]:
        """Ask for the state of open tasks in one batch; returns the rows as they are then."""
        asked = [row for row in rows if row.state in OPEN - {S.SENDING} and self._can_find(row)]
        if not asked:
            return list(rows)
        tasks = self.provider.query([task_ref(row) for row in asked])
        by_id = {task.external_task_id or task.task_id: task for task in tasks}
        return [self._noted(row, by_id) for row in rows]

    def look_up(self, row: RequestRow) -> RequestRow:
        """Find a doubtful task. Only agreeing look-ups say that it does not exist.

        A service may take a moment until a task it accepted can be found. Raises UnsettledError
        where the service cannot be asked.
        """
        self._require_look_up(row)
        for lookup in range(self.patience.lookups):
            if lookup:
                self.sleep(self.patience.lookup_wait_s)
            try:
                task = self.provider.find(task_ref(row))
            except TransientError as error:
                return self.ledger.advance_if(row, S.DOUBTFUL, reason=str(error))
            if task is not None:
                return self._note(row, task)
        reason = "looked up: the service has no such task"
        return self.ledger.advance_if(row, S.RESERVED, reason=reason)

    def _require_look_up(self, row: RequestRow) -> None:
        """Raises UnsettledError unless today's account can be asked for the row's task."""
        if not self._can_find(row):
            raise UnsettledError(
                f"{row.subject}: nobody knows whether {self.provider.name} took the request "
                f"(ledger row {row.id}: {row.reason}), and {self.provider.name} cannot be asked "
                "for our id. Look into its console and settle the row with `hoi ledger settle "
                f"{row.id} --task-id ID` or `--not-taken`"
            )
        if row.account != self.provider.account:
            raise UnsettledError(
                f"{row.subject}: ledger row {row.id} was sent with the account {row.account}, "
                f"and today's keys are of {self.provider.account}, which cannot look it up; use "
                f"those keys again, or settle the row with `hoi ledger settle {row.id}`"
            )

    def _free_slots(self, account: str) -> None:
        """Learn which of the account's tasks have ended, so that their slots are seen as free."""
        try:
            self.refresh(self.ledger.rows(OPEN, account))
        except TransientError:
            return  # the next attempt asks again; their number is bounded

    def _send(self, request: VideoRequest, row: RequestRow) -> RequestRow:
        try:
            task = self.provider.create(request, row.external_task_id)
        except RefusedError as error:
            return self._refused(row, error)
        except NotAcceptedError as error:
            return self.ledger.advance_if(row, S.RESERVED, reason=str(error))
        except UnknownOutcomeError as error:
            return self.ledger.advance_if(row, S.DOUBTFUL, reason=str(error))
        return self._note(row, task)

    def _refused(self, row: RequestRow, error: RefusedError) -> RequestRow:
        """A refusal is final, unless an earlier sending succeeded unseen: then ours is there."""
        if row.sends > 1 and self._can_find(row):
            try:
                task = self.provider.find(task_ref(row))
            except TransientError as unknown:
                return self.ledger.advance_if(row, S.DOUBTFUL, reason=f"{error}; {unknown}")
            if task is not None:
                return self._note(row, task)
        return self.ledger.advance_if(row, S.REFUSED, reason=str(error))

    def _can_find(self, row: RequestRow) -> bool:
        return self.provider.knows_our_ids or row.task_id is not None

    def _noted(self, row: RequestRow, tasks: dict[str, RemoteTask]) -> RequestRow:
        task = tasks.get(row.external_task_id) or tasks.get(row.task_id or "")
        return row if task is None else self._note(row, task)

    def _note(self, row: RequestRow, task: RemoteTask) -> RequestRow:
        """Write a task's reported state into its row."""
        cost = {} if task.cost_usd is None else {"cost_usd": task.cost_usd}
        return self.ledger.observe(
            row,
            _REMOTE_STATE[task.state],
            task_id=task.task_id,
            answer=task.answer,
            reason=task.message,
            **cost,
        )


def task_ref(row: RequestRow) -> TaskRef:
    """By what a row's task is asked for."""
    return TaskRef(row.external_task_id, row.task_id, row.model)
