"""The paid video backend: one purchase per request, whatever fails between us and the service."""

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import StageError, TransientError
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
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
from hoi_platform.services.video.lookup import task_ref
from hoi_platform.services.video.orders import Orders, Polled, refusal_of
from hoi_platform.services.video.remote import VideoProvider
from hoi_platform.services.video.retry import VideoRetry

S = RequestState

_TASK_STATE: Final[dict[RequestState, TaskState]] = {
    S.SUBMITTED: "submitted",
    S.PROCESSING: "processing",
    S.SUCCEEDED: "succeeded",
    S.DELIVERED: "succeeded",
}
_WHY_NOT_YET: Final = {
    S.RESERVED: "all slots of the account are in use",
    S.SENDING: "another worker is sending it",
    S.DOUBTFUL: "the service could not be asked for it",
}
"""States in which no task is known yet."""


class PaidVideoBackend:
    """Submits and collects through the ledger; all its waits go through ``sleep``.

    With ``buys`` False, ``submit`` orders nothing that the ledger does not hold already.
    """

    def __init__(
        self,
        provider: VideoProvider,
        ledger: Ledger,
        delivery: Delivery,
        sleep: Callable[[float], None],
        retry: VideoRetry,
        rng: random.Random | None = None,
        *,
        buys: bool = True,
    ) -> None:
        self.name = provider.name
        self.provider = provider
        self._ledger = ledger
        self._delivery = delivery
        self._sleep = sleep
        self._retry = retry
        self._rng = rng or random.Random()
        self._orders = Orders(provider, ledger, sleep, retry)
        self._buys = buys

    def submit(self, request: VideoRequest) -> VideoTask:
        """Buy the video once.

        Raises BadInputError, BudgetError, RefusedError and StageError, which are final;
        UnsettledError, which a person has to settle; TransientError, after which the same call
        goes on.
        """
        self.provider.validate(request)
        if not self._buys and self._ledger.find(request.fingerprint) is None:
            raise StageError(
                f"{request.clip}: with today's configuration its video is another request than "
                "the one in the ledger, and nothing new is bought here; give the configuration "
                "that it was ordered with"
            )
        fingerprint = self._reserved(request).fingerprint
        row = self._retry.submit.until(
            lambda row: row.state in _TASK_STATE or row.state in (S.REFUSED, S.FAILED),
            lambda: self._orders.step(request, fingerprint),
            self._sleep,
            self._rng,
        )
        if row.state in _TASK_STATE:
            return self._task(row)
        if row.state in (S.REFUSED, S.FAILED):
            raise refusal_of(row)
        raise TransientError(
            f"{request.clip}: {self.name} did not accept the request in "
            f"{self._retry.submit.attempts} attempts (ledger row {row.id} is {row.state}: "
            f"{row.reason or _WHY_NOT_YET[S(row.state)]}); materialize video_task "
            "again later: nothing will be bought twice"
        )

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Wait for the task, download and check its video, write it to ``target``.

        A request that a person has ordered again since ``task`` was submitted is sent first.
        Raises what ``submit`` raises.
        """
        row = self._reserved(request)
        if row.state in _WHY_NOT_YET:
            row = self._ledger.get(self.submit(request).fingerprint)
        row = self._await(row, progress)
        if row.state in (S.FAILED, S.REFUSED):
            raise refusal_of(row)
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
        return self._orders.refresh(rows)

    def poll(self, rows: Sequence[RequestRow]) -> Polled:
        """``refresh``, with what went wrong for each row that could not be read."""
        return self._orders.poll(rows)

    def intent(self, request: VideoRequest) -> Intent:
        """What the ledger reserves for a request."""
        return Intent(
            fingerprint=request.fingerprint,
            kind="video",
            provider=self.name,
            account=self.provider.account,
            model=self.provider.model(request),
            subject=request.clip,
            estimate_usd=self.provider.estimate_usd(request),
        )

    def _reserved(self, request: VideoRequest) -> RequestRow:
        """The row of the request's current attempt."""
        row = self._ledger.latest_attempt(request.fingerprint)
        return self._ledger.reserve(self.intent(request)) if row is None else row

    def _await(self, row: RequestRow, progress: Progress) -> RequestRow:
        policy = self._retry.poll
        polls = itertools.count()

        def look() -> RequestRow:
            seen = self.refresh([self._ledger.get(row.fingerprint)])[0]
            if seen.state in OPEN:
                why = f" ({seen.reason})" if seen.reason else ""
                done = min(0.95, next(polls) / policy.attempts)
                progress(done, f"{self.name}: {seen.state}{why}")
            return seen

        seen = policy.until(lambda seen: seen.state not in OPEN, look, self._sleep)
        if seen.state not in OPEN:
            return seen
        minutes = (policy.attempts - 1) * policy.longest_wait_s / 60
        raise TransientError(
            f"{row.subject}: {self.name} task {seen.task_id} is still {seen.state} after "
            f"{minutes:.0f} min of waiting{f' ({seen.reason})' if seen.reason else ''}; it stays "
            f"in the ledger (row {row.id}). It is fetched "
            "by the sensor video_poll, `hoi ledger resume`, or when interaction_video is "
            "materialized again: nothing will be bought twice"
        )

    def _deliver(self, row: RequestRow, request: VideoRequest) -> RequestRow:
        if row.result is not None and Path(row.result).exists():
            return row
        try:
            path = self._delivery.fetch(self.provider, task_ref(row), request)
        except StageError as error:
            row = self._ledger.advance_if(row, S.FAILED, reason=str(error))
            raise refusal_of(row) from error
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
