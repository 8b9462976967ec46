"""The paid video backend: one purchase per request, whatever fails between us and the service."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import RefusedError, StageError, TransientError, UnsettledError
from hoi_platform.services.ledger.ledger import Intent, Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.video.backend import (
    CollectedVideo,
    Progress,
    TaskState,
    VideoRequest,
    VideoTask,
)
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.remote import (
    NotAcceptedError,
    RemoteTask,
    TaskRef,
    UnknownOutcomeError,
    VideoProvider,
)

S = RequestState

_TASK_STATE: Final[dict[RequestState, TaskState]] = {
    S.SUBMITTED: "submitted",
    S.PROCESSING: "processing",
    S.SUCCEEDED: "succeeded",
    S.DELIVERED: "succeeded",
}
_REMOTE_STATE: Final = {
    "submitted": S.SUBMITTED,
    "processing": S.PROCESSING,
    "succeeded": S.SUCCEEDED,
    "failed": S.FAILED,
}
_WAITING: Final = frozenset({S.RESERVED, S.SENDING, S.DOUBTFUL})
"""No task is known yet."""
_WHY_NOT_YET: Final = {
    S.RESERVED: "all slots of the account are in use",
    S.SENDING: "another worker is sending it",
    S.DOUBTFUL: "the service could not be asked for it",
}


@dataclass(frozen=True)
class Patience:
    """How long to try; every wait has an end."""

    offers: int = 100
    """Attempts to have a request accepted."""
    first_wait_s: float = 2.0
    """Doubled after each attempt, with jitter, up to ``longest_wait_s``."""
    longest_wait_s: float = 30.0
    lookups: int = 4
    """Look-ups that must agree that a doubtful task does not exist before it is sent again."""
    lookup_wait_s: float = 20.0
    polls: int = 120
    poll_wait_s: float = 30.0
    slots: int | None = None
    """Tasks that the account may have open at once; None leaves it to the service."""


class PaidVideoBackend:
    """Submits and collects through the ledger; all its waits go through ``sleep``."""

    def __init__(
        self,
        provider: VideoProvider,
        ledger: Ledger,
        delivery: Delivery,
        sleep: Callable[[float], None],
        patience: Patience = Patience(),
        rng: random.Random | None = None,
    ) -> None:
        self.name = provider.name
        self.provider = provider
        self._ledger = ledger
        self._delivery = delivery
        self._sleep = sleep
        self._patience = patience
        self._rng = rng or random.Random()
        self.buys = True
        """Whether ``submit`` may order what the ledger does not hold yet."""

    def submit(self, request: VideoRequest) -> VideoTask:
        """Buy the video once.

        Raises BadInputError, BudgetError, RefusedError and StageError, which are final;
        UnsettledError, which a person has to settle; TransientError, after which the same call
        goes on.
        """
        self.provider.validate(request)
        if not self.buys and self._ledger.find(request.fingerprint) is None:
            raise StageError(
                f"{request.clip}: with today's configuration its video is another request than "
                "the one in the ledger, and nothing new is bought here; give the configuration "
                "that it was ordered with"
            )
        row = self._reserved(request)
        for offer in range(self._patience.offers):
            if offer:
                self._wait(offer - 1)
            row = self._step(request, row.fingerprint)
            if row.state in _TASK_STATE:
                return self._task(row)
            if row.state in (S.REFUSED, S.FAILED):
                raise RefusedError(self._refusal(row))
        raise TransientError(
            f"{request.clip}: {self.name} did not take the request in "
            f"{self._patience.offers} attempts (ledger row {row.id} is {row.state}: "
            f"{row.reason or _WHY_NOT_YET[S(row.state)]}); materialize video_task "
            "again later: nothing will be bought twice"
        )

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Wait for the task, download and check its video, write it to ``target``.

        A request that a person has ordered again since ``task`` was submitted is sent first.
        """
        row = self._reserved(request)
        if row.state in _WAITING:
            row = self._ledger.get(self.submit(request).fingerprint)
        row = self._await(row, progress)
        if row.state in (S.FAILED, S.REFUSED):
            raise RefusedError(self._refusal(row))
        row = self._deliver(row, request)
        assert row.result is not None
        self._delivery.put(Path(row.result), request, target)
        facts = {
            "provider": self.name,
            "model": row.model,
            "task_id": row.task_id or "",
            "ledger_row": row.id,
            "cost_usd": float(row.cost_usd if row.cost_usd is not None else row.estimate_usd),
        }
        return CollectedVideo(None, facts)

    def refresh(self, rows: Sequence[RequestRow]) -> list[RequestRow]:
        """Ask for the state of open tasks in one batch; returns the rows as they are then."""
        asked = [row for row in rows if row.state in OPEN - {S.SENDING} and self._can_find(row)]
        if not asked:
            return list(rows)
        tasks = self.provider.query([_ref(row) for row in asked])
        by_id = {task.external_task_id or task.task_id: task for task in tasks}
        return [self._noted(row, by_id) for row in rows]

    def look_up(self, row: RequestRow) -> RequestRow:
        """Find a doubtful task. Only agreeing look-ups say that it does not exist.

        A service may take a moment until a task it accepted can be found. Raises UnsettledError
        where the service cannot be asked.
        """
        if not self._can_find(row):
            raise UnsettledError(
                f"{row.subject}: nobody knows whether {self.name} took the request (ledger row "
                f"{row.id}: {row.reason}), and {self.name} cannot be asked for our id. Look into "
                f"its console and settle the row with `hoi ledger settle {row.id} --task-id ID` "
                "or `--not-taken`"
            )
        if row.account != self.provider.account:
            raise UnsettledError(
                f"{row.subject}: ledger row {row.id} was sent with the account {row.account}, "
                f"and today's keys are of {self.provider.account}, which cannot look it up; use "
                f"those keys again, or settle the row with `hoi ledger settle {row.id}`"
            )
        for lookup in range(self._patience.lookups):
            if lookup:
                self._sleep(self._patience.lookup_wait_s)
            try:
                task = self.provider.find(_ref(row))
            except TransientError as error:
                return self._ledger.advance_if(row, S.DOUBTFUL, reason=str(error))
            if task is not None:
                return self._note(row, task)
        reason = "looked up: the service has no such task"
        return self._ledger.advance_if(row, S.RESERVED, reason=reason)

    def _reserved(self, request: VideoRequest) -> RequestRow:
        """The row of the request's current attempt."""
        row = self._ledger.latest_attempt(request.fingerprint)
        return self._ledger.reserve(self._intent(request)) if row is None else row

    def _intent(self, request: VideoRequest) -> Intent:
        return Intent(
            fingerprint=request.fingerprint,
            kind="video",
            provider=self.name,
            account=self.provider.account,
            model=self.provider.model(request),
            subject=request.clip,
            estimate_usd=self.provider.estimate_usd(request),
        )

    def _step(self, request: VideoRequest, fingerprint: str) -> RequestRow:
        """One attempt to bring the request further, by where its row stands."""
        self._ledger.expire_leases()
        row = self._ledger.get(fingerprint)
        if row.state == S.DOUBTFUL:
            row = self.look_up(row)
        if row.state != S.RESERVED:
            return row
        if row.account != self.provider.account:  # never taken: whoever has the keys today pays
            row = self._ledger.advance_if(row, S.RESERVED, account=self.provider.account)
        mine = self._ledger.begin_sending(row, self._patience.slots)
        if mine is None:
            self._free_slots(row.account)
            return self._ledger.get(fingerprint)
        return self._send(request, mine)

    def _free_slots(self, account: str) -> None:
        """Learn which of the account's tasks have ended, so that their slots are seen as free."""
        try:
            self.refresh(self._ledger.rows(OPEN, account))
        except TransientError:
            return  # the next attempt asks again; their number is bounded

    def _send(self, request: VideoRequest, row: RequestRow) -> RequestRow:
        try:
            task = self.provider.create(request, row.external_task_id)
        except RefusedError as error:
            return self._refused(row, error)
        except NotAcceptedError as error:
            return self._ledger.advance_if(row, S.RESERVED, reason=str(error))
        except UnknownOutcomeError as error:
            return self._ledger.advance_if(row, S.DOUBTFUL, reason=str(error))
        return self._note(row, task)

    def _refused(self, row: RequestRow, error: RefusedError) -> RequestRow:
        """A refusal is final, unless an earlier sending succeeded unseen: then ours is there."""
        if row.sends > 1 and self._can_find(row):
            try:
                task = self.provider.find(_ref(row))
            except TransientError as unknown:
                return self._ledger.advance_if(row, S.DOUBTFUL, reason=f"{error}; {unknown}")
            if task is not None:
                return self._note(row, task)
        return self._ledger.advance_if(row, S.REFUSED, reason=str(error))

    def _can_find(self, row: RequestRow) -> bool:
        return self.provider.knows_our_ids or row.task_id is not None

    def _noted(self, row: RequestRow, tasks: dict[str, RemoteTask]) -> RequestRow:
        task = tasks.get(row.external_task_id) or tasks.get(row.task_id or "")
        return row if task is None else self._note(row, task)

    def _note(self, row: RequestRow, task: RemoteTask) -> RequestRow:
        """Write a task's reported state into its row."""
        cost = {} if task.cost_usd is None else {"cost_usd": task.cost_usd}
        return self._ledger.observe(
            row,
            _REMOTE_STATE[task.state],
            task_id=task.task_id,
            answer=task.answer,
            reason=task.message,
            **cost,
        )

    def _await(self, row: RequestRow, progress: Progress) -> RequestRow:
        for poll in range(self._patience.polls):
            if poll:
                self._sleep(self._patience.poll_wait_s)
            row = self._refreshed(row)
            if row.state not in OPEN:
                return row
            progress(min(0.95, poll / self._patience.polls), f"{self.name}: {row.state}")
        minutes = (self._patience.polls - 1) * self._patience.poll_wait_s / 60
        raise TransientError(
            f"{row.subject}: {self.name} task {row.task_id} is still {row.state} after "
            f"{minutes:.0f} min of waiting; it stays in the ledger (row {row.id}). It is fetched "
            "by the sensor video_poll, `hoi ledger resume`, or when interaction_video is "
            "materialized again: nothing will be bought twice"
        )

    def _refreshed(self, row: RequestRow) -> RequestRow:
        try:
            return self.refresh([self._ledger.get(row.fingerprint)])[0]
        except TransientError:
            # The next poll asks again; the number of polls is bounded.
            return row

    def _deliver(self, row: RequestRow, request: VideoRequest) -> RequestRow:
        if row.result is not None and Path(row.result).exists():
            return row
        try:
            path = self._delivery.fetch(self.provider, _ref(row), request)
        except StageError as error:
            row = self._ledger.advance_if(row, S.FAILED, reason=str(error))
            raise RefusedError(self._refusal(row)) from error
        return self._ledger.advance_if(row, S.DELIVERED, result=str(path))

    def _task(self, row: RequestRow) -> VideoTask:
        return VideoTask(
            provider=self.name,
            clip=row.subject,
            fingerprint=row.fingerprint,
            external_task_id=row.external_task_id,
            task_id=row.task_id,
            state=_TASK_STATE[RequestState(row.state)],
            model=row.model,
            estimated_cost_usd=float(row.estimate_usd),
        )

    def _refusal(self, row: RequestRow) -> str:
        verb = "refused the request" if row.state == S.REFUSED else "failed to make the video"
        return (
            f"{row.subject}: {self.name} {verb} (ledger row {row.id}): {row.reason}. It is not "
            f"tried again by itself; change the prompt or the frame, or see `hoi ledger show "
            f"{row.id}`"
        )

    def _wait(self, attempt: int) -> None:
        patience = self._patience
        longest = min(patience.first_wait_s * 2 ** min(attempt, 30), patience.longest_wait_s)
        self._sleep(longest * self._rng.uniform(0.5, 1.0))


def _ref(row: RequestRow) -> TaskRef:
    return TaskRef(row.external_task_id, row.task_id, row.model)
