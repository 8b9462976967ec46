"""The paid video backend: one purchase per request, whatever fails between us and the service."""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import RefusedError, TransientError
from hoi_platform.services.ledger.ledger import Intent, Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, TERMINAL, RequestState
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


@dataclass(frozen=True)
class Patience:
    """How long to try; every wait has an end."""

    sends: int = 8
    """Attempts to have a request accepted."""
    first_wait_s: float = 2.0
    """Doubled after each attempt, with jitter, up to ``longest_wait_s``."""
    longest_wait_s: float = 120.0
    lookups: int = 3
    """Look-ups that must agree that a doubtful task does not exist before it is sent again."""
    lookup_wait_s: float = 10.0
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
        self._provider = provider
        self._ledger = ledger
        self._delivery = delivery
        self._sleep = sleep
        self._patience = patience
        self._rng = rng or random.Random()

    def submit(self, request: VideoRequest) -> VideoTask:
        """Buy the video once. Raises RefusedError, BudgetError, BadInputError, TransientError."""
        self._provider.validate(request)
        self._ledger.reserve(self._intent(request))
        for attempt in range(self._patience.sends):
            row = self._step(request)
            if row.state in _TASK_STATE:
                return self._task(row)
            if row.state in TERMINAL:
                raise RefusedError(self._refusal(row))
            self._wait(attempt)
        row = self._ledger.get(request.fingerprint)
        raise TransientError(
            f"{request.clip}: {self.name} did not accept the request in "
            f"{self._patience.sends} attempts (ledger row {row.id} is {row.state}: {row.reason}); "
            "materialize video_task again later: nothing will be bought twice"
        )

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Wait for the task, download and check its video, write it to ``target``."""
        row = self._await(task, progress)
        if row.state == S.FAILED:
            raise RefusedError(self._refusal(row))
        if row.state == S.SUCCEEDED:
            row = self._deliver(row, request)
        assert row.result is not None
        shutil.copyfile(row.result, target)
        facts = {
            "provider": self.name,
            "model": row.model,
            "task_id": row.task_id or "",
            "cost_usd": float(row.cost_usd if row.cost_usd is not None else row.estimate_usd),
        }
        return CollectedVideo(None, facts)

    def refresh(self, rows: Sequence[RequestRow]) -> list[RequestRow]:
        """Ask for the state of open tasks in one batch; returns the rows as they are then."""
        asked = {row.external_task_id: row for row in rows if row.state in OPEN - {S.SENDING}}
        if not asked:
            return list(rows)
        found = {task.external_task_id: task for task in self._provider.query(list(asked))}
        return [
            self._note(row, found[row.external_task_id]) if row.external_task_id in found else row
            for row in rows
        ]

    def _intent(self, request: VideoRequest) -> Intent:
        return Intent(
            fingerprint=request.fingerprint,
            kind="video",
            provider=self.name,
            account=self._provider.account,
            model=self._provider.model(request),
            subject=request.clip,
            estimate_usd=self._provider.estimate_usd(request),
        )

    def _step(self, request: VideoRequest) -> RequestRow:
        """One attempt to bring the request further, by where its row stands."""
        self._ledger.expire_leases()
        row = self._ledger.get(request.fingerprint)
        if row.state == S.DOUBTFUL:
            row = self._look_up(row)
        if row.state == S.RESERVED and self._ledger.begin_sending(
            row.fingerprint, self._patience.slots
        ):
            return self._send(request, row)
        return row

    def _send(self, request: VideoRequest, row: RequestRow) -> RequestRow:
        try:
            task = self._provider.create(request, row.external_task_id)
        except RefusedError as error:
            return self._ledger.advance(row.fingerprint, S.REFUSED, reason=str(error))
        except NotAcceptedError as error:
            return self._ledger.advance(row.fingerprint, S.RESERVED, reason=str(error))
        except UnknownOutcomeError as error:
            return self._ledger.advance(row.fingerprint, S.DOUBTFUL, reason=str(error))
        return self._note(self._ledger.get(row.fingerprint), task)

    def _look_up(self, row: RequestRow) -> RequestRow:
        """Find a task that may exist. Only agreeing look-ups say that it does not.

        A service may take a moment until a task it accepted can be found.
        """
        for lookup in range(self._patience.lookups):
            if lookup:
                self._sleep(self._patience.lookup_wait_s)
            try:
                task = self._provider.find(row.external_task_id)
            except TransientError as error:
                return self._ledger.advance(row.fingerprint, S.DOUBTFUL, reason=str(error))
            if task is not None:
                return self._note(row, task)
        return self._ledger.advance(
            row.fingerprint, S.RESERVED, reason="looked up: the service has no such task"
        )

    def _note(self, row: RequestRow, task: RemoteTask) -> RequestRow:
        """Write a task's reported state into its row."""
        state = _REMOTE_STATE[task.state]
        if row.state == S.DELIVERED or (row.state == S.PROCESSING and state == S.SUBMITTED):
            return row  # old news
        if row.state == S.SENDING and state in (S.PROCESSING, S.FAILED):
            row = self._ledger.advance(row.fingerprint, S.SUBMITTED, task_id=task.task_id)
        cost = {} if task.cost_usd is None else {"cost_usd": task.cost_usd}
        return self._ledger.advance(
            row.fingerprint,
            state,
            task_id=task.task_id,
            answer=task.answer,
            reason=task.message,
            **cost,
        )

    def _await(self, task: VideoTask, progress: Progress) -> RequestRow:
        for poll in range(self._patience.polls):
            row = self._refreshed(self._ledger.get(task.fingerprint))
            if row.state in TERMINAL or row.state == S.SUCCEEDED:
                return row
            progress(min(0.95, poll / self._patience.polls), f"{self.name}: {row.state}")
            self._sleep(self._patience.poll_wait_s)
        minutes = self._patience.polls * self._patience.poll_wait_s / 60
        raise TransientError(
            f"{task.clip}: {self.name} task {row.task_id} is still {row.state} after "
            f"{minutes:.0f} min; it stays in the ledger. Resume with `hoi ledger resume` or "
            "materialize interaction_video again: nothing will be bought twice"
        )

    def _refreshed(self, row: RequestRow) -> RequestRow:
        try:
            return self.refresh([row])[0]
        except TransientError:
            # The next poll asks again; the number of polls is bounded.
            return row

    def _deliver(self, row: RequestRow, request: VideoRequest) -> RequestRow:
        path = self._delivery.fetch(self._provider, row.external_task_id, request)
        return self._ledger.advance(row.fingerprint, S.DELIVERED, result=str(path))

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
        return (
            f"{row.subject}: {self.name} {row.state} the request (ledger row {row.id}): "
            f"{row.reason}; change the prompt or the frame, or see `hoi ledger show {row.id}`"
        )

    def _wait(self, attempt: int) -> None:
        longest = min(self._patience.first_wait_s * 2**attempt, self._patience.longest_wait_s)
        self._sleep(longest * self._rng.uniform(0.5, 1.0))
