"""The paid video backend: one purchase per request, whatever fails between us and the service."""

import itertools
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from hoi_platform.core.arrays import Progress
from hoi_platform.core.errors import HoiError, PendingError, StageError, TransientError
from hoi_platform.core.filtering.check import Check
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.ledger.waiting import waits_for
from hoi_platform.services.video.backend import CollectedVideo, TaskState, VideoRequest, VideoTask
from hoi_platform.services.video.delivery import Delivery, Passes, failed_checks
from hoi_platform.services.video.identity import ordered
from hoi_platform.services.video.lookup import task_ref
from hoi_platform.services.video.orders import Orders, Polled, refusal_of
from hoi_platform.services.video.remote import VideoProvider
from hoi_platform.services.video.retry import FETCH_AGAIN, VideoRetry

S = RequestState

_TASK_STATE: Final[dict[RequestState, TaskState]] = {
    S.SUBMITTED: "submitted",
    S.PROCESSING: "processing",
    S.SUCCEEDED: "succeeded",
    S.DELIVERED: "succeeded",
    S.REJECTED: "succeeded",
}
_NO_TASK_YET: Final = frozenset({S.RESERVED, S.SENDING, S.DOUBTFUL})
_READY: Final = frozenset({S.SUCCEEDED, S.DELIVERED, S.REJECTED})


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
        continues.
        """
        self.provider.validate(request)
        if not self._buys and self._ledger.find(request.fingerprint) is None:
            raise StageError(
                f"{request.clip}: under today's configuration its video is a different request "
                "from the one in the ledger, and nothing new is bought here; give the "
                "configuration "
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
            f"{self._waits(row)}); materialize video_task again later: nothing will be bought "
            "twice"
        )

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Wait for the task, download and check its video, write it to ``target``.

        A request that a person has ordered again since ``task`` was submitted is sent first.
        Raises PendingError when the task outlasts the wait, and what ``submit`` raises.
        """
        row = self._reserved(request)
        if row.state in _NO_TASK_YET:
            row = self._ledger.get(self.submit(request).fingerprint)
        row = self._await(row, progress)
        if row.state in (S.FAILED, S.REFUSED):
            raise refusal_of(row)
        delivered = self._fetched(row, lambda path: not failed_checks(path, request))
        row, failed = self._judged(row, delivered, request)
        self._delivery.put(delivered, request, target)
        return CollectedVideo(None, self._facts(row), failed)

    def fetch(self, row: RequestRow) -> RequestRow:
        """Download a ready row's file, whatever its clip's configuration is today. It is checked
        when the clip is made. Raises TransientError when no whole file can be had, StageError when
        the row is not ready.
        """
        if row.state not in _READY:
            raise StageError(
                f"ledger row {row.id} is {row.state}: only a finished video is fetched; "
                f"see `hoi ledger show {row.id}`"
            )
        path = self._fetched(row)
        known = {"result": str(path), "fetch_after": None}
        if row.state == S.SUCCEEDED:
            known["reason"] = "fetched; checked when its clip is made, or by `hoi ledger recheck`"
        return self._ledger.advance_if(row, S(row.state), **known)

    def refresh(self, rows: Sequence[RequestRow]) -> list[RequestRow]:
        """Query the state of open tasks in one batch; returns the updated rows."""
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
            ordered=ordered(request),
        )

    def _reserved(self, request: VideoRequest) -> RequestRow:
        """The row of the request's current attempt, which is then for this clip too."""
        row = self._ledger.latest_attempt(request.fingerprint)
        if row is None:
            return self._ledger.reserve(self.intent(request))
        return self._ledger.claim(row, request.clip)

    def _await(self, row: RequestRow, progress: Progress) -> RequestRow:
        policy = self._retry.poll
        polls = itertools.count()

        def look() -> RequestRow:
            seen = self.refresh([self._ledger.get(row.fingerprint)])[0]
            if seen.state in OPEN:
                why = f", waits for {self._waits(seen)}"
                done = min(0.95, next(polls) / policy.attempts)
                progress(done, f"{self.name}: {seen.state}{why}")
            return seen

        seen = policy.until(lambda seen: seen.state not in OPEN, look, self._sleep)
        if seen.state not in OPEN:
            return seen
        minutes = (policy.attempts - 1) * policy.longest_wait_s / 60
        raise PendingError(
            f"{row.subject}: {self.name} task {seen.task_id} is still {seen.state} after "
            f"{minutes:.0f} min of waiting{f' ({seen.reason})' if seen.reason else ''}; it stays "
            f"in the ledger (row {row.id}). It is fetched "
            "by the sensor video_poll, `hoi ledger resume`, or when interaction_video is "
            "materialized again: nothing will be bought twice"
        )

    def _fetched(self, row: RequestRow, passes: Passes = lambda _: True) -> Path:
        """The row's file. A failed attempt to fetch it is recorded with the time of the next
        one."""
        if (path := self._delivery.located(row)) is not None:
            return path
        try:
            return self._delivery.fetch(self.provider, task_ref(row), row.subject, passes)
        except HoiError as error:
            wait = timedelta(seconds=FETCH_AGAIN.wait_s(row.fetches + 1, self._rng))
            known = {"fetches": row.fetches + 1, "fetch_after": self._ledger.now() + wait}
            self._ledger.advance_if(row, S(row.state), reason=str(error), **known)
            raise

    def _judged(
        self, row: RequestRow, path: Path, request: VideoRequest
    ) -> tuple[RequestRow, tuple[Check, ...]]:
        """A delivered row stays so, accepted by a person or not; all others are checked."""
        if row.state == S.DELIVERED:
            return row, ()
        failed = failed_checks(path, request)
        return self._ledger.judge(row, path, [check.reason for check in failed]), failed

    def _facts(self, row: RequestRow) -> dict[str, object]:
        facts: dict[str, object] = {
            "provider": self.name,
            "model": row.model,
            "task_id": row.task_id or "",
            "ledger_row": row.id,
            "cost_usd": float(row.cost_usd if row.cost_usd is not None else row.estimate_usd),
        }
        if row.state == S.REJECTED:
            facts["rejected"] = row.reason
        return facts

    def _waits(self, row: RequestRow) -> str:
        """What the row waits for, and why if that is known."""
        waits = waits_for(row, self._ledger.now())
        return f"{waits} ({row.reason})" if row.reason else waits

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
